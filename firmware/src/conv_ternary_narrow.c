#include "conv_supermask.h"

void hfn_conv_ternary_narrow(const void *model, const struct hfn_conv *node, uint32_t *arena) {
    hfn_conv_supermask(model, node, arena, hfn_channel_narrow, 1);
}
