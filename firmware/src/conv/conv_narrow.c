#include "conv_supermask.h"

HFN_COLD void hfn_conv_narrow(const void *model, const struct hfn_conv *node, uint32_t *arena) {
    hfn_conv_supermask(model, node, arena, hfn_mask_open, hfn_build_lists, hfn_channel_narrow);
}
