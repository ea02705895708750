#include "dot.h"
#include "int4.h"
#include "requantise.h"

enum { HFN_LINEAR_CHUNK = 64 }; /* weights that are unpacked at a time */

/* REQUIRE |sum| < 2^31 for every partial sum (SPEC section 5: the bound A). */
void hfn_linear_int4(const void *model, const struct hfn_linear *node, uint32_t *arena) {
    int8_t weight[HFN_LINEAR_CHUNK], *y = hfn_in_arena(arena, node->y);
    for (uint32_t output = 0, first = 0; output < node->requantise.channels; output++) {
        const int8_t *x = hfn_in_arena(arena, node->x);
        int32_t sum = 0;
        for (uint32_t left = node->inputs, count; left; left -= count, first += count) {
            count = left < HFN_LINEAR_CHUNK ? left : HFN_LINEAR_CHUNK;
            hfn_unpack(weight, hfn_in_model(model, node->weight), first, count);
            sum += hfn_dot(x, weight, count);
            x += count;
        }
        y[output] = hfn_requantise(model, &node->requantise, output, sum);
    }
}
