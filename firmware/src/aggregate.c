#include "requantise.h"
#include "topology.h"

/* SPEC section 5.3. A channel at a time is weighted into scratch, from where its nodes' neighbours are gathered; so y
 * may be x. Weighted elements fit 16 bits: 255·127. REQUIRE whole·sum + (2^shift >> 1) < 2^31 in magnitude. */

static void weigh(const struct hfn_neighbours *all, const uint8_t *neighbour, const int8_t *x, hfn_half *said) {
    for (const hfn_half *degree = all->degree; degree != all->end; degree++) {
        *said++ = (hfn_half)(neighbour[*degree] * *x++);
    }
}

void hfn_aggregate(const void *model, const struct hfn_aggregate *node, uint32_t *arena) {
    const struct hfn_neighbours all = hfn_neighbours(model, node->topology, arena);
    const uint8_t *neighbour = hfn_in_model(model, node->neighbour), *own = hfn_in_model(model, node->own);
    const hfn_half *whole = hfn_in_model(model, node->whole);
    const int8_t *x = hfn_in_arena(arena, node->x), *residual = hfn_in_arena(arena, node->residual);
    hfn_half *said = hfn_in_arena(arena, node->scratch);
    int8_t *y = hfn_in_arena(arena, node->y);
    const int32_t half = (int32_t)(1u << node->shift >> 1);
    for (uint32_t c = 0; c < node->requantise.channels; c++) {
        const struct hfn_scale scale = hfn_scale(model, &node->requantise, c);
        const hfn_half *source = all.source;
        weigh(&all, neighbour, x, said);
        for (const hfn_half *degree = all.degree; degree != all.end; degree++) {
            int32_t sum = own[*degree] * *x++;
            for (const hfn_half *end = source + *degree; source != end; source++) {
                sum += (int16_t)said[*source];
            }
            sum = (whole[*degree] * sum + half) >> node->shift;
            *y++ = hfn_rounded(&scale, sum, *residual++);
        }
    }
}
