#include "conv_dense.h"
#include "conv_supermask.h"

HFN_CONV_ROWS(hfn_conv_narrow_rows, hfn_run_narrow)
HFN_CONV_ROWS(hfn_conv_wide_rows, hfn_run_wide)
HFN_CONV_ROWS(hfn_conv_dense_rows, hfn_run_dense)
HFN_CONV_ROWS(hfn_conv_int4_rows, hfn_run_int4)

#if HFN_SMALL

HFN_COLD void hfn_conv_plain_rows(const void *model, const struct hfn_conv *node, const struct hfn_ticks *ticks,
                                  uint32_t tick, uint32_t *arena) {
    hfn_conv_narrow_rows(model, node, ticks, tick, arena);
}

#else

HFN_CONV_ROWS(hfn_conv_plain_rows, hfn_run_plain)

#endif
