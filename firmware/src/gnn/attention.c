#include "plane.h"
#include "topology.h"

/* SPEC section 5.3. For each head: the weight of every edge, before those of a node's neighbours that of itself; for
 * each node the shift and the factor that divide by their sum; then channel by channel, copied to scratch, so that y
 * may be x. Comparisons are arithmetic, as they may branch. */

enum { HFN_ATTENTION_NODES = 24 };     /* whose sums are held at once */
enum { HFN_LEAST_SCORE = -(1 << 20) }; /* below every score */

struct hfn_attention_head {
    const struct hfn_neighbours *all;
    const int8_t *source, *target; /* the scores of each slot as the source of an edge, and as the target */
    const uint8_t *exponential;
    int32_t slope;
    uint8_t *factor, *shift, *weight;
    int8_t *copy;
};

/* (2^16 + j) / (2·j + 1) for j in 128..255 */
static const uint8_t hfn_attention_reciprocal[128] = {
    255, 253, 251, 249, 247, 245, 244, 242, 240, 238, 237, 235, 233, 232, 230, 228, 227, 225, 224, 222, 221, 219,
    218, 216, 215, 213, 212, 211, 209, 208, 207, 205, 204, 203, 202, 200, 199, 198, 197, 196, 194, 193, 192, 191,
    190, 189, 188, 187, 186, 185, 184, 183, 182, 181, 180, 179, 178, 177, 176, 175, 174, 173, 172, 171, 170, 169,
    168, 168, 167, 166, 165, 164, 163, 163, 162, 161, 160, 159, 159, 158, 157, 156, 156, 155, 154, 153, 153, 152,
    151, 151, 150, 149, 149, 148, 147, 147, 146, 145, 145, 144, 143, 143, 142, 142, 141, 140, 140, 139, 139, 138,
    137, 137, 136, 136, 135, 135, 134, 133, 133, 132, 132, 131, 131, 130, 130, 129, 129, 128,
};

static int32_t hfn_attention_leaky(int32_t e, int32_t slope) {
    const int32_t negative = hfn_sign(e);
    return (e & ~negative) | (((slope * e + 128) >> 8) & negative);
}

/* The larger, of numbers whose difference fits. */
static int32_t hfn_attention_larger(int32_t a, int32_t b) {
    const int32_t more = b - a;
    return a + (more & ~hfn_sign(more));
}

/* How far a sum must be shifted to be below 256: the bits of sum / 256, which is below 2^16. */
static uint32_t hfn_attention_excess(uint32_t sum) {
    uint32_t rest = sum >> 8, found = 0;
    for (uint32_t step = 8; step; step >>= 1) {
        const uint32_t by = step & (uint32_t)hfn_sign(-(int32_t)(rest >> step));
        found += by;
        rest >>= by;
    }
    return found + rest;
}

/* The weights of a node and its neighbours; returns their sum. */
static uint32_t hfn_attention_softmax(const struct hfn_attention_head *head, const hfn_half *before,
                                      const hfn_half *end, uint32_t v, uint8_t *weight) {
    const int32_t target = head->target[v];
    int32_t top = HFN_LEAST_SCORE;
    uint32_t u = v, sum = 0;
    const hfn_half *at = end;
    do {
        top = hfn_attention_larger(top, hfn_attention_leaky(head->source[u] + target, head->slope));
        u = *--at;
        HFN_HIDE(before);
    } while (at != before);
    u = v;
    at = end;
    do {
        const int32_t below = top - hfn_attention_leaky(head->source[u] + target, head->slope);
        *weight = head->exponential[255 - hfn_attention_larger(0, 255 - below)];
        sum += *weight++;
        u = *--at;
        HFN_HIDE(before);
    } while (at != before);
    return sum;
}

static void hfn_attention_weigh(const struct hfn_attention_head *head) {
    const hfn_half *source = head->all->source;
    uint8_t *weight = head->weight;
    for (uint32_t v = 0; v < head->all->slots; v++) {
        const hfn_half *const end = source + head->all->degree[v];
        const uint32_t sum = hfn_attention_softmax(head, source - 1, end, v, weight), shift = hfn_attention_excess(sum);
        head->shift[v] = (uint8_t)shift;
        head->factor[v] = hfn_attention_reciprocal[(sum >> shift) - 128];
        weight += head->all->degree[v] + 1u;
        source = end;
    }
}

static void hfn_attention_average(const struct hfn_attention_head *head, const int8_t *x, struct hfn_plane_row *row) {
    const hfn_half *source = head->all->source, *degree = head->all->degree;
    const uint8_t *weight = head->weight;
    int32_t sums[HFN_ATTENTION_NODES];
    for (uint32_t v = 0; v < head->all->slots; v++) {
        head->copy[v] = x[v];
    }
    for (uint32_t v = 0; v < head->all->slots;) {
        const uint32_t rest = head->all->slots - v, count = rest < HFN_ATTENTION_NODES ? rest : HFN_ATTENTION_NODES;
        for (uint32_t i = 0; i < count; i++, v++) {
            const hfn_half *before = source - 1, *at = source + *degree++;
            int32_t sum = 0;
            uint32_t u = v;
            source = at;
            do {
                sum += *weight++ * head->copy[u];
                u = *--at;
                HFN_HIDE(before);
            } while (at != before);
            sums[i] = (sum >> head->shift[v]) * head->factor[v];
        }
        hfn_plane_store(row, sums, count);
    }
}

void hfn_attention(const void *model, const struct hfn_attention *node, uint32_t *arena) {
    const struct hfn_neighbours all = hfn_neighbours(model, node->topology, arena);
    const uint32_t slots = all.slots;
    uint8_t *scratch = hfn_in_arena(arena, node->scratch);
    struct hfn_attention_head head = {
        .all = &all,
        .source = hfn_in_arena(arena, node->scores),
        .exponential = hfn_in_model(model, node->exponential),
        .slope = (int32_t)node->slope,
        .factor = scratch,
        .shift = scratch + slots,
        .copy = (int8_t *)scratch + 2 * slots,
        .weight = scratch + (HFN_ATTENTION_SCRATCH - 1) * slots, /* of which each slot has one too */
    };
    head.target = head.source + node->heads * slots;
    const struct hfn_plane plane = {&node->requantise, node->y, node->residual, slots};
    const int8_t *x = hfn_in_arena(arena, node->x);
    struct hfn_plane_row row;
    for (uint32_t c = 0, last = 0, k = 0; k < node->heads; k++, head.source += slots, head.target += slots) {
        hfn_attention_weigh(&head);
        for (last += node->each; c < last; c++, x += slots) {
            hfn_plane_open(&row, model, &plane, arena, c);
            hfn_attention_average(&head, x, &row);
        }
    }
}
