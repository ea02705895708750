#include "bits.h"
#include "mask.h"
#include "sparse_linear.h"

void hfn_sparse_supermask(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena) {
    struct hfn_mask mask;
    hfn_mask_open(&mask, model, node->weight);
    const uint32_t coats = mask.weight->coats;
    for (uint32_t output = 0; output < node->requantise.channels; output++) {
        hfn_sparse_clear(node, arena);
        for (uint32_t feature = 0, taken; feature < node->inputs; feature += taken) {
            taken = hfn_mask_ready(&mask, node->inputs - feature);
            for (uint32_t bits = mask.kept[0] & 0xFFFFFFFFu >> (32 - taken); bits; bits &= bits - 1) {
                const uint32_t place = hfn_lowest(bits);
                int32_t weight = 0;
                for (uint32_t coat = 0; coat < coats; coat++) {
                    weight += (int32_t)(mask.kept[coat] >> place & 1);
                }
                hfn_sparse_add(model, node, arena, feature + place, mask.minus >> place & 1 ? -weight : weight);
            }
            hfn_mask_take(&mask, coats, taken);
        }
        hfn_sparse_store(model, node, arena, output);
    }
}
