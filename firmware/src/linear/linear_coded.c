#include "mask.h"
#include "requantise.h"

#if HFN_SMALL

/* REQUIRE |sum| < 2^31 for every sum of weights, whatever the order (SPEC section 5: the bound A). */
void hfn_linear_supermask(const void *model, const struct hfn_linear *node, uint32_t *arena) {
    int8_t *y = hfn_in_arena(arena, node->y);
    struct hfn_mask mask;
    hfn_mask_open(&mask, model, node->weight);
    for (uint32_t output = 0; output < node->requantise.channels; output++) {
        const int8_t *x = hfn_in_arena(arena, node->x), *end = x + node->inputs;
        int32_t sum = 0, weight;
        while ((x += hfn_mask_find(&mask, (uint32_t)(end - x), &weight)) != end) {
            sum += weight * *x++;
        }
        y[output] = hfn_requantise(model, &node->requantise, output, sum);
    }
}

void hfn_linear_plain(const void *model, const struct hfn_linear *node, uint32_t *arena) {
    hfn_linear_supermask(model, node, arena);
}

#endif
