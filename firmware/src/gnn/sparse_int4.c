#include "int4.h"
#include "sparse_linear.h"

enum { HFN_SPARSE_CHUNK = 64 }; /* weights that are unpacked at a time */

void hfn_sparse_int4(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena) {
    int8_t weight[HFN_SPARSE_CHUNK];
    for (uint32_t output = 0, first = 0; output < node->requantise.channels; output += node->lanes) {
        uint32_t *weights = hfn_sparse_open(node, arena);
        for (uint32_t lane = 0; lane < hfn_sparse_count(node, output); lane++) {
            uint32_t *to = weights;
            for (uint32_t left = node->inputs, count; left; left -= count, first += count) {
                count = left < HFN_SPARSE_CHUNK ? left : HFN_SPARSE_CHUNK;
                hfn_unpack(weight, hfn_in_model(model, node->weight), first, count);
                for (uint32_t i = 0; i < count; i++) {
                    *to++ += (uint32_t)weight[i] << (hfn_sparse_width(node) * lane);
                }
            }
        }
        hfn_sparse_close(model, node, arena, output);
    }
}
