#include "conv_dense.h"

void hfn_conv_int4(const void *model, const struct hfn_conv *node, uint32_t *arena) {
    hfn_conv_trained(model, node, arena, 1);
}
