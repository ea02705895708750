#include "sparse_linear.h"

#include "channel.h"
#include "fill.h"
#include "topology.h"

HFN_ASSERT(sparse_scratch, sizeof(uint32_t) == HFN_SPARSE_SCRATCH);

enum { HFN_SPARSE_NODES = 24 }; /* whose sums are held at once */

uint32_t *hfn_sparse_open(const struct hfn_sparse_linear *node, uint32_t *arena) {
    uint32_t *weights = hfn_in_arena(arena, node->weights);
    hfn_fill(weights, weights + node->inputs, 0);
    return weights;
}

static void hfn_sparse_linear_add(uint32_t *sums, uint32_t weight, const hfn_half *member, const hfn_half *end) {
    for (; member != end; member++) {
        sums[*member] += weight;
    }
}

static void hfn_sparse_linear_add_products(uint32_t *sums, uint32_t weight, const hfn_half *member, const hfn_half *end,
                                           const int8_t *value) {
    for (; member != end; member++) {
        const int32_t times = *value++;
        sums[*member] += weight * (uint32_t)times;
    }
}

static void hfn_sparse_linear_sum(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena,
                                  uint32_t *sums) {
    const uint32_t *weights = hfn_in_arena(arena, node->weights), *start = hfn_in_model(model, node->starts);
    const hfn_half *members = hfn_in_model(model, node->members);
    const int8_t *values = hfn_in_model(model, node->values);
    hfn_fill(sums, sums + node->slots, 0);
    for (const uint32_t *end = weights + node->inputs; weights != end; weights++, start++) {
        if (*weights && node->values) {
            hfn_sparse_linear_add_products(sums, *weights, members + start[0], members + start[1], values + start[0]);
        } else if (*weights) {
            hfn_sparse_linear_add(sums, *weights, members + start[0], members + start[1]);
        }
    }
}

/* Takes the lowest lane off each of count words. */
static void hfn_sparse_linear_split(uint32_t *words, int32_t *sums, uint32_t count, uint32_t width) {
    const uint32_t spare = 32 - width, half = width / 2; /* a shift by 32 is two of 16, as C has none */
    for (const uint32_t *end = words + count; words != end; words++, sums++) {
        *sums = (int32_t)(*words << spare) >> spare;
        *words = (*words - (uint32_t)*sums) >> half >> half;
    }
}

void hfn_sparse_close(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena, uint32_t output) {
    uint32_t *const words = hfn_in_arena(arena, node->sums);
    const struct hfn_plane plane = {&node->requantise, node->y, node->y, node->slots};
    hfn_sparse_linear_sum(model, node, arena, words);
    for (uint32_t left = hfn_sparse_count(node, output); left; left--, output++) {
        struct hfn_channel channel;
        int32_t sums[HFN_SPARSE_NODES];
        hfn_plane_open(&channel, model, &plane, arena, output);
        for (uint32_t v = 0; v < node->slots; v += HFN_SPARSE_NODES) {
            const uint32_t rest = node->slots - v, count = rest < HFN_SPARSE_NODES ? rest : HFN_SPARSE_NODES;
            hfn_sparse_linear_split(words + v, sums, count, hfn_sparse_width(node));
            hfn_store(&channel, sums, count);
        }
    }
}
