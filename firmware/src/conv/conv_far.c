#include "conv_far.h"
#include "conv_supermask.h"

HFN_COLD static void hfn_conv_far_run(const void *model, const struct hfn_conv *node, const struct hfn_planes *planes,
                                      uint32_t *arena) {
    hfn_conv_supermask(model, node, planes, arena, hfn_weights(node), hfn_far_taps, hfn_planes_fill, hfn_mask_open,
                       hfn_build_lists, hfn_channel_far);
}

HFN_CONV(hfn_conv_far, hfn_conv_far_run)
HFN_CONV_ROWS(hfn_conv_far_rows, hfn_conv_far_run)
