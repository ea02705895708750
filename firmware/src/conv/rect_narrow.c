#include "conv_supermask.h"
#include "rect.h"

HFN_COLD static void hfn_rect_narrow_run(const void *model, const struct hfn_conv *node,
                                         const struct hfn_planes *planes, uint32_t *arena) {
    hfn_conv_supermask(model, node, planes, arena, hfn_rect_weights(node), hfn_rect_taps, hfn_rect_fill, hfn_mask_open,
                       hfn_build_rect_lists, hfn_channel_narrow);
}

HFN_RECT_ROWS(hfn_rect_narrow_rows, hfn_rect_narrow_run)
HFN_RECT(hfn_rect_narrow, hfn_rect_narrow_rows)
