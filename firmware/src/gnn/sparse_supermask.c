#include "bits.h"
#include "mask.h"
#include "sparse_linear.h"

/* Adds a channel's weights, each counted in a lane whose 1 is one. */
static void hfn_sparse_supermask_add(struct hfn_mask *mask, uint32_t *weights, uint32_t inputs, uint32_t one) {
    const uint32_t coats = mask->weight->coats;
    for (uint32_t left = inputs, taken; left; left -= taken, weights += taken) {
        taken = hfn_mask_ready(mask, left);
        const uint32_t field = 0xFFFFFFFFu >> (32 - taken);
        for (uint32_t coat = 0; coat < coats; coat++) {
            const uint32_t kept = mask->kept[coat] & field;
            for (uint32_t bits = kept & ~mask->minus; bits; bits &= bits - 1) {
                weights[hfn_lowest(bits)] += one;
            }
            for (uint32_t bits = kept & mask->minus; bits; bits &= bits - 1) {
                weights[hfn_lowest(bits)] -= one;
            }
        }
        hfn_mask_take(mask, coats, taken);
    }
}

void hfn_sparse_supermask(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena) {
    struct hfn_mask mask;
    hfn_mask_open(&mask, model, node->weight);
    for (uint32_t output = 0; output < node->requantise.channels; output += node->lanes) {
        uint32_t *weights = hfn_sparse_open(node, arena);
        for (uint32_t lane = 0; lane < hfn_sparse_count(node, output); lane++) {
            hfn_sparse_supermask_add(&mask, weights, node->inputs, 1u << (hfn_sparse_width(node) * lane));
        }
        hfn_sparse_close(model, node, arena, output);
    }
}
