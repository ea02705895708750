#include "channel.h"
#include "topology.h"

/* SPEC section 5.3. Two channels at a time are weighted into scratch, from where the neighbours of each node are
 * gathered; so y may be x. Weighted elements fit 16 bits: 255·127. REQUIRE whole·sum + (2^shift >> 1) < 2^31 in
 * magnitude. */

enum { HFN_AGGREGATE_NODES = 24 }; /* whose sums are held at once */

HFN_ASSERT(aggregate_scratch, sizeof(uint32_t) == HFN_AGGREGATE_SCRATCH);

struct hfn_aggregate_tables {
    const uint8_t *neighbour, *own;
    const hfn_half *whole;
    uint32_t shift;
};

/* The two channels at x and x + apart, which are one for an odd last channel. */
static void hfn_aggregate_weigh(const struct hfn_neighbours *all, const uint8_t *neighbour, const int8_t *x,
                                uint32_t apart, uint32_t *weighted) {
    for (const hfn_half *degree = all->degree; degree != all->end; degree++, x++) {
        const int32_t weight = neighbour[*degree];
        *weighted++ = ((uint32_t)(weight * x[0]) & 0xFFFF) | (uint32_t)(weight * x[apart]) << 16;
    }
}

/* The accumulators of so many nodes, those of the second channel behind those of the first; returns where the next
 * node's neighbours start. */
static const hfn_half *hfn_aggregate_gather(const struct hfn_aggregate_tables *tables, const uint32_t *weighted,
                                            const hfn_half *degree, const hfn_half *source, const int8_t *x,
                                            uint32_t apart, int32_t *sums, uint32_t count) {
    const int32_t half = (int32_t)(1u << tables->shift >> 1);
    for (const int32_t *end = sums + count; sums != end; sums++, degree++, x++) {
        const int32_t own = tables->own[*degree];
        int32_t first = own * x[0], second = own * x[apart];
        const hfn_half *before = source - 1, *at = source + *degree;
        uint32_t both = 0;
        source = at;
        do {
            first += (int16_t)both;
            second += (int32_t)both >> 16;
            both = weighted[*--at]; /* at last of what is before: a node, or a degree, below slots too */
            HFN_HIDE(before);
        } while (at != before);
        const int32_t whole = tables->whole[*degree];
        sums[0] = (whole * first + half) >> tables->shift;
        sums[HFN_AGGREGATE_NODES] = (whole * second + half) >> tables->shift;
    }
    return source;
}

void hfn_aggregate(const void *model, const struct hfn_aggregate *node, uint32_t *arena) {
    const struct hfn_neighbours all = hfn_neighbours(model, node->topology, arena);
    const struct hfn_aggregate_tables tables = {hfn_in_model(model, node->neighbour), hfn_in_model(model, node->own),
                                                hfn_in_model(model, node->whole), node->shift};
    const uint32_t channels = node->requantise.channels;
    uint32_t *weighted = hfn_in_arena(arena, node->scratch);
    int32_t sums[2 * HFN_AGGREGATE_NODES];
    struct hfn_channel first, second;
    for (uint32_t c = 0; c < channels; c += 2) {
        const uint32_t pair = c + 1 < channels, apart = pair * all.slots;
        const int8_t *x = (int8_t *)hfn_in_arena(arena, node->x) + c * all.slots;
        const hfn_half *source = all.source;
        const struct hfn_plane plane = {&node->requantise, node->y, node->residual, all.slots};
        hfn_plane_open(&first, model, &plane, arena, c);
        hfn_plane_open(&second, model, &plane, arena, c + pair);
        hfn_aggregate_weigh(&all, tables.neighbour, x, apart, weighted);
        for (const hfn_half *degree = all.degree; degree != all.end;) {
            const uint32_t rest = (uint32_t)(all.end - degree),
                           count = rest < HFN_AGGREGATE_NODES ? rest : HFN_AGGREGATE_NODES;
            source = hfn_aggregate_gather(&tables, weighted, degree, source, x, apart, sums, count);
            hfn_store(&first, sums, count);
            if (pair) {
                hfn_store(&second, sums + HFN_AGGREGATE_NODES, count);
            }
            degree += count;
            x += count;
        }
    }
}
