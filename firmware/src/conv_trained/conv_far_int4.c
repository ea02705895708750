#include "conv_far_trained.h"

static void hfn_conv_far_int4_run(const void *model, const struct hfn_conv *node, const struct hfn_planes *planes,
                                  uint32_t *arena) {
    hfn_conv_far_trained(model, node, planes, arena, 1);
}

HFN_CONV(hfn_conv_far_int4, hfn_conv_far_int4_run)
HFN_CONV_ROWS(hfn_conv_far_int4_rows, hfn_conv_far_int4_run)
