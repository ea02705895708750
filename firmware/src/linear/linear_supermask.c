#include "bits.h"
#include "mask.h"
#include "requantise.h"

/* REQUIRE |sum| < 2^31 for every sum of weights, whatever the order (SPEC section 5: the bound A). */
HFN_COLD void hfn_linear_supermask(const void *model, const struct hfn_linear *node, uint32_t *arena) {
    int8_t *y = hfn_in_arena(arena, node->y);
    struct hfn_mask mask;
    hfn_mask_open(&mask, model, node->weight);
    const uint32_t coats = mask.weight->coats;
    for (uint32_t output = 0; output < node->requantise.channels; output++) {
        const int8_t *x = hfn_in_arena(arena, node->x);
        int32_t sum = 0;
        for (uint32_t left = node->inputs, taken; left; left -= taken, x += taken) {
            taken = hfn_mask_ready(&mask, left);
            const uint32_t field = 0xFFFFFFFFu >> (32 - taken);
            for (uint32_t coat = 0; coat < coats; coat++) {
                const uint32_t kept = mask.kept[coat] & field;
                for (uint32_t bits = kept & ~mask.minus; bits; bits &= bits - 1) {
                    sum += x[hfn_lowest(bits)];
                }
                for (uint32_t bits = kept & mask.minus; bits; bits &= bits - 1) {
                    sum -= x[hfn_lowest(bits)];
                }
            }
            hfn_mask_take(&mask, coats, taken);
        }
        y[output] = hfn_requantise(model, &node->requantise, output, sum);
    }
}

#if HFN_SMALL

void hfn_linear_plain(const void *model, const struct hfn_linear *node, uint32_t *arena) {
    hfn_linear_supermask(model, node, arena);
}

#endif
