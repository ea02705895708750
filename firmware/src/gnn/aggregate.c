#include "gather.h"
#include "plane.h"
#include "topology.h"

/* SPEC section 5.3. Four channels at a time are weighted into scratch, from where the neighbours of each node are
 * gathered; so y may be x. */

enum { HFN_AGGREGATE_NODES = 28 }; /* whose sums are held at once: a multiple of HFN_COLUMNS */

enum { HFN_AGGREGATE_RUN = HFN_SMALL ? 1 : HFN_COLUMNS }; /* that are weighted without a test between them */

HFN_ASSERT(aggregate_scratch, HFN_GATHER_WORDS * sizeof(uint32_t) == HFN_AGGREGATE_SCRATCH);

/* Four channels, one after another from x on: of fewer, some stand for those that are not there. */
struct hfn_aggregate_channels {
    const int8_t *x;
    uint32_t second, third, fourth; /* from the first, from the first, from the third */
};

static inline uint32_t hfn_aggregate_word(const int8_t *x, uint32_t apart, uint32_t weight, uint32_t lift) {
    return ((uint32_t)x[0] + ((uint32_t)x[apart] << 16)) * weight + lift;
}

/* Two channels of count nodes by the weights of the nodes' degrees. */
static void hfn_aggregate_pair(const hfn_half *degree, uint32_t count, const uint8_t *weight, const int8_t *x,
                               uint32_t apart, uint32_t *words) {
    uint32_t lift = HFN_GATHER_LIFT;
    HFN_HIDE(lift); /* for MLA */
    for (const hfn_half *end = degree + count; degree != end;) {
        words[0] = hfn_aggregate_word(x, apart, weight[degree[0]], lift);
#if !HFN_SMALL
        words[2] = hfn_aggregate_word(x + 1, apart, weight[degree[1]], lift);
        words[4] = hfn_aggregate_word(x + 2, apart, weight[degree[2]], lift);
        words[6] = hfn_aggregate_word(x + 3, apart, weight[degree[3]], lift);
#endif
        degree += HFN_AGGREGATE_RUN;
        x += HFN_AGGREGATE_RUN;
        words += HFN_AGGREGATE_RUN * HFN_GATHER_WORDS;
    }
}

static void hfn_aggregate_weigh(const hfn_half *degree, uint32_t count, const uint8_t *weight,
                                const struct hfn_aggregate_channels *from, uint32_t *words) {
    hfn_aggregate_pair(degree, count, weight, from->x, from->second, words);
    hfn_aggregate_pair(degree, count, weight, from->x + from->third, from->fourth, words + 1);
}

void hfn_aggregate(const void *model, const struct hfn_aggregate *node, uint32_t *arena) {
    const struct hfn_neighbours all = hfn_neighbours(model, node->topology, arena);
    const uint8_t *const neighbour = hfn_in_model(model, node->neighbour), *const own = hfn_in_model(model, node->own);
    const struct hfn_plane plane = {&node->requantise, node->y, node->residual, all.slots};
    uint32_t *const weighted = hfn_in_arena(arena, node->scratch);
    int32_t sums[HFN_GATHER_CHANNELS * HFN_AGGREGATE_NODES];
    struct hfn_plane_row rows[HFN_GATHER_CHANNELS];
    struct hfn_aggregate_channels from;
    struct hfn_gather gather;
    gather.weighted = weighted;
    gather.whole = hfn_in_model(model, node->whole);
    gather.half = (int32_t)(1u << node->shift >> 1);
    gather.shift = node->shift;
    for (uint32_t c = 0; c < node->requantise.channels;) {
        const uint32_t left = node->requantise.channels - c;
        const uint32_t lanes = left < HFN_GATHER_CHANNELS ? left : HFN_GATHER_CHANNELS;
        from.x = (int8_t *)hfn_in_arena(arena, node->x) + c * all.slots;
        from.second = lanes > 1 ? all.slots : 0;
        from.third = lanes > 2 ? 2 * (uint32_t)all.slots : 0;
        from.fourth = lanes > 3 ? all.slots : 0;
        for (uint32_t lane = 0; lane < lanes; lane++) {
            hfn_plane_open(rows + lane, model, &plane, arena, c++);
        }
        hfn_aggregate_weigh(all.degree, all.slots, neighbour, &from, weighted);
        gather.before = all.source - 1;
        gather.degree = all.degree;
        gather.own = weighted;
        for (uint32_t rest = all.slots, count; rest; rest -= count, from.x += count) {
            count = rest < HFN_AGGREGATE_NODES ? rest : HFN_AGGREGATE_NODES;
            gather.sums = sums;
            gather.end = sums + HFN_GATHER_CHANNELS * count;
            if (own != neighbour) { /* in the sums' second half, where no node's are written before they are read */
                uint32_t *words = (uint32_t *)sums + HFN_GATHER_WORDS * count;
                gather.own = words;
                hfn_aggregate_weigh(gather.degree, count, own, &from, words);
            }
            hfn_gather(&gather);
            for (uint32_t lane = 0; lane < lanes; lane++) {
                hfn_plane_write(rows + lane, sums + lane, HFN_GATHER_CHANNELS, count);
            }
        }
    }
}
