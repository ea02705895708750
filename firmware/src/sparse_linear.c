#include "channel.h"
#include "fill.h"
#include "sparse_linear.h"

void hfn_sparse_clear(const struct hfn_sparse_linear *node, uint32_t *arena) {
    uint32_t *sums = hfn_in_arena(arena, node->sums);
    hfn_fill(sums, sums + node->slots, 0);
}

void hfn_sparse_add(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena, uint32_t feature,
                    int32_t weight) {
    const uint32_t *start = (const uint32_t *)hfn_in_model(model, node->starts) + feature;
    const hfn_half *members = hfn_in_model(model, node->members), *member = members + start[0];
    const hfn_half *const end = members + start[1];
    int32_t *sums = hfn_in_arena(arena, node->sums);
    if (node->values) {
        const int8_t *value = (const int8_t *)hfn_in_model(model, node->values) + start[0];
        for (; member != end; member++) {
            sums[*member] += weight * *value++;
        }
        return;
    }
    for (; member != end; member++) {
        sums[*member] += weight;
    }
}

void hfn_sparse_store(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena, uint32_t output) {
    const struct hfn_plane plane = {&node->requantise, node->y, node->y, node->slots};
    struct hfn_channel channel;
    hfn_plane_open(&channel, model, &plane, arena, output);
    hfn_store(&channel, hfn_in_arena(arena, node->sums), node->slots);
}
