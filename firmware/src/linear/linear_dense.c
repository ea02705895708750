#include "dot.h"
#include "requantise.h"

/* REQUIRE |sum| < 2^31 for every partial sum (SPEC section 5: the bound A). */
void hfn_linear_dense(const void *model, const struct hfn_linear *node, uint32_t *arena) {
    const int8_t *x = hfn_in_arena(arena, node->x), *weight = hfn_in_model(model, node->weight);
    int8_t *y = hfn_in_arena(arena, node->y);
    for (uint32_t output = 0; output < node->requantise.channels; output++, weight += node->inputs) {
        y[output] = hfn_requantise(model, &node->requantise, output, hfn_dot(x, weight, node->inputs));
    }
}
