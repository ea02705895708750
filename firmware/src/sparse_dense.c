#include "sparse_linear.h"

void hfn_sparse_dense(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena) {
    const int8_t *weight = hfn_in_model(model, node->weight);
    for (uint32_t output = 0; output < node->requantise.channels; output++) {
        hfn_sparse_clear(node, arena);
        for (uint32_t feature = 0; feature < node->inputs; feature++) {
            hfn_sparse_add(model, node, arena, feature, *weight++);
        }
        hfn_sparse_store(model, node, arena, output);
    }
}
