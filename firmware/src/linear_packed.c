#include "packed.h"
#include "requantise.h"

/* REQUIRE |sum| < 2^31 for every partial sum (SPEC section 5: the bound A). */
void hfn_linear_packed(const void *model, const struct hfn_linear *node, uint32_t *arena) {
    struct hfn_fields fields = hfn_fields(model, node->weight, 0);
    int8_t *y = hfn_in_arena(arena, node->y);
    for (uint32_t output = 0; output < node->requantise.channels; output++) {
        const int8_t *x = hfn_in_arena(arena, node->x), *end = x + node->inputs;
        int32_t sum = 0;
        while (x != end) {
            sum += hfn_field(&fields) * *x++;
        }
        y[output] = hfn_requantise(model, &node->requantise, output, sum);
    }
}
