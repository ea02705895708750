#include "sparse_linear.h"

void hfn_sparse_dense(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena) {
    const int8_t *weight = hfn_in_model(model, node->weight);
    for (uint32_t output = 0; output < node->requantise.channels; output += node->lanes) {
        uint32_t *weights = hfn_sparse_open(node, arena);
        for (uint32_t lane = 0; lane < hfn_sparse_count(node, output); lane++) {
            for (uint32_t feature = 0; feature < node->inputs; feature++) {
                weights[feature] += (uint32_t)*weight++ << (hfn_sparse_width(node) * lane);
            }
        }
        hfn_sparse_close(model, node, arena, output);
    }
}
