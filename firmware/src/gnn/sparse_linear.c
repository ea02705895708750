#include "sparse_linear.h"

#include "fill.h"
#include "plane.h"
#include "topology.h"

HFN_ASSERT(sparse_scratch, sizeof(uint32_t) == HFN_SPARSE_SCRATCH);

enum { HFN_SPARSE_NODES = 24 }; /* whose sums are held at once */
enum { HFN_SPARSE_RUN = 8 };    /* members that are added without a test between them */

#if !HFN_SMALL

enum { HFN_SPARSE_MANY = 384 }; /* slots from which on a table of all sums of 8 bits pays */

/* Whether sums are looked up: then each byte holds one plus 128, which none borrows from. */
static int hfn_sparse_linear_is_looked_up(const struct hfn_sparse_linear *node) {
    return node->lanes == 4 && node->slots >= HFN_SPARSE_MANY;
}

/* Rounds the sums of a channel, whose first byte is at sum. */
static void hfn_sparse_linear_look_up(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena,
                                      const uint8_t *sum, uint32_t output) {
    const struct hfn_scale scale = hfn_scale(model, &node->requantise, output);
    uint8_t *y = hfn_in_arena(arena, node->y + output * node->slots), table[256];
    uint32_t t =
        (uint32_t)scale.offset - 128 * (uint32_t)scale.multiplier; /* some sums do not occur, and might overflow */
    for (uint32_t i = 0; i < sizeof(table); i++, t += (uint32_t)scale.multiplier) {
        table[i] = (uint8_t)hfn_clamp_narrow((int32_t)t >> scale.shift, scale.lo);
    }
    for (const uint8_t *end = y + node->slots; y != end; y += 4, sum += 4 * sizeof(uint32_t)) {
        y[0] = table[sum[0]];
        y[1] = table[sum[4]];
        y[2] = table[sum[8]];
        y[3] = table[sum[12]];
    }
}

#endif

uint32_t *hfn_sparse_open(const struct hfn_sparse_linear *node, uint32_t *arena) {
    uint32_t *weights = hfn_in_arena(arena, node->weights);
    hfn_fill(weights, weights + node->inputs, 0);
    return weights;
}

static void hfn_sparse_linear_add(uint32_t *sums, uint32_t weight, const hfn_half *member, const hfn_half *end) {
#if !HFN_SMALL
    const hfn_half *const rest = end - (end - member) % HFN_SPARSE_RUN;
    for (; member != rest; member += HFN_SPARSE_RUN) {
        sums[member[0]] += weight;
        sums[member[1]] += weight;
        sums[member[2]] += weight;
        sums[member[3]] += weight;
        sums[member[4]] += weight;
        sums[member[5]] += weight;
        sums[member[6]] += weight;
        sums[member[7]] += weight;
    }
#endif
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
                                  uint32_t *sums, uint32_t none) {
    const uint32_t *weights = hfn_in_arena(arena, node->weights), *start = hfn_in_model(model, node->starts);
    const hfn_half *members = hfn_in_model(model, node->members);
    const int8_t *values = hfn_in_model(model, node->values);
    hfn_fill(sums, sums + node->slots, none);
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
#if !HFN_SMALL
    if (hfn_sparse_linear_is_looked_up(node)) {
        hfn_sparse_linear_sum(model, node, arena, words, 0x80808080u);
        for (uint32_t left = hfn_sparse_count(node, output), lane = 0; left; left--) {
            hfn_sparse_linear_look_up(model, node, arena, (const uint8_t *)words + lane++, output++);
        }
        return;
    }
#endif
    hfn_sparse_linear_sum(model, node, arena, words, 0);
    for (uint32_t left = hfn_sparse_count(node, output); left; left--, output++) {
        struct hfn_plane_row row;
        int32_t sums[HFN_SPARSE_NODES];
        hfn_plane_open(&row, model, &plane, arena, output);
        for (uint32_t v = 0; v < node->slots; v += HFN_SPARSE_NODES) {
            const uint32_t rest = node->slots - v, count = rest < HFN_SPARSE_NODES ? rest : HFN_SPARSE_NODES;
            hfn_sparse_linear_split(words + v, sums, count, hfn_sparse_width(node));
            hfn_plane_store(&row, sums, count);
        }
    }
}
