#include "conv_far_trained.h"

static void hfn_conv_far_dense_run(const void *model, const struct hfn_conv *node, const struct hfn_planes *planes,
                                   uint32_t *arena) {
    hfn_conv_far_trained(model, node, planes, arena, 0);
}

HFN_CONV(hfn_conv_far_dense, hfn_conv_far_dense_run)
HFN_CONV_ROWS(hfn_conv_far_dense_rows, hfn_conv_far_dense_run)
