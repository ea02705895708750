#include "conv_dense.h"
#include "tile_offsets.h"

#if HFN_ISA != HFN_ISA_C /* what conv_dense_*.S know of the structs */
HFN_ASSERT(to_at, offsetof(struct hfn_tile, to) == TILE_TO);
HFN_ASSERT(planes_at, offsetof(struct hfn_tile, planes) == TILE_PLANES);
HFN_ASSERT(taps_at, offsetof(struct hfn_tile, taps) == TILE_TAPS);
HFN_ASSERT(weights_at, offsetof(struct hfn_tile, weights) == TILE_WEIGHTS);
HFN_ASSERT(groups_at, offsetof(struct hfn_tile, groups) == TILE_GROUPS);
HFN_ASSERT(flip_at, offsetof(struct hfn_tile, flip) == TILE_FLIP);
HFN_ASSERT(period_at, offsetof(struct hfn_taps, period) == TAPS_PERIOD);
HFN_ASSERT(step_at, offsetof(struct hfn_taps, step) == TAPS_STEP);
#endif

/* Outputs from a tile on: where its first pixel lies in its channel's part of the band. */
struct place {
    uint32_t offset, column;
};

static struct place run(struct hfn_channel *channel, const void *model, const struct hfn_conv *node,
                        const struct hfn_tile *tile, struct place start) {
    const uint32_t weights = tile->weights, map = (uint32_t)node->rows * node->columns;
    const int8_t *weight = hfn_in_model(model, node->weight), *const residual = channel->residual;
    int8_t *const y = channel->y;
    struct place end = start;
    for (uint32_t output = 0, at = start.offset; output < node->requantise.channels; output++, at += map) {
        channel->scale = hfn_scale(model, &node->requantise, output);
        channel->y = y + at;
        channel->residual = residual ? residual + at : NULL;
        channel->column = start.column;
        hfn_tile_outputs(tile, channel, weight);
        weight += weights;
        end.offset = (uint32_t)(channel->y - y) - (at - start.offset);
        end.column = channel->column;
    }
    channel->y = y;
    channel->residual = residual;
    return end;
}

void hfn_conv_dense(const void *model, const struct hfn_conv *node, uint32_t *arena) {
    const struct hfn_planes planes = hfn_planes(node);
    const uint32_t weights = (uint32_t)node->inputs * node->kernel * node->kernel, size = hfn_group_size(weights);
    struct hfn_taps taps;
    struct hfn_channel channel;
    struct hfn_tile tile = {hfn_in_arena(arena, node->list),           NULL, &taps, weights, 0,
                            node->flags & HFN_SIGNED ? 0x80808080u : 0};
    uint32_t most = 0;
    for (uint32_t end = node->list + size; end <= node->list_end && most < HFN_TILE; end += size) {
        most++;
    }
    hfn_taps(&taps, node, &planes);
    for (uint32_t first = 0; first < node->rows; first += node->band) {
        struct place place = {0, 0};
        hfn_planes_fill(node, &planes, arena, first);
        hfn_channel_open(&channel, model, node, &planes, arena, first, 0);
        tile.planes = channel.planes;
        for (uint32_t left = channel.pixels / 4; left; left -= tile.groups, tile.planes += 4 * tile.groups) {
            tile.groups = left < most ? left : most;
            hfn_tile_fill(&tile);
            place = run(&channel, model, node, &tile, place);
        }
    }
}
