#include "conv_supermask.h"

#if HFN_SMALL

HFN_COLD void hfn_conv_plain(const void *model, const struct hfn_conv *node, uint32_t *arena) {
    hfn_conv_narrow(model, node, arena);
}

#else

HFN_CONV(hfn_conv_plain, hfn_run_plain)

#endif
