/* What the runtime is built for: the same for all of it and for the models that call it.
 *
 * HFN_SMALL 1: few bytes of code, little assembly, and masks that are coded (SPEC section 6.1); best with -Os. `edgehfn
 * compile --objective flash` writes this file so.
 *
 * HFN_FEW_ROWS 1: more code, for which bands of a few rows take fewer instructions; `--objective ram` asks for it. */
#ifndef HFN_CONFIG_H
#define HFN_CONFIG_H

#ifndef HFN_SMALL
#define HFN_SMALL 0
#endif

#ifndef HFN_FEW_ROWS
#define HFN_FEW_ROWS 0
#endif

#endif
