#include "conv_far_trained.h"

static void run(const void *model, const struct hfn_conv *node, const struct hfn_planes *planes, uint32_t *arena) {
    hfn_conv_far_trained(model, node, planes, arena, 0);
}

HFN_CONV(hfn_conv_far_dense, run)
HFN_CONV_ROWS(hfn_conv_far_dense_rows, run)
