/* Convolution with trained weights.
 *
 * A tile is some groups of four pixels of a band, their taps laid out side by side for a core's multiplications, as
 * signed numbers. For each tile, for each output channel: the sums of all groups, then requantisation. A group takes
 *
 *     portable, Armv6-M, Armv7-M, RV32IM: for each tap four pixels, 32 bits each
 *     DSP: for each four taps t.., the pixels' t and t + 2 in one word each, then t + 1 and t + 3; zeros behind them
 *     Helium: for each pixel its taps, a byte each, zeros behind them up to a multiple of 16
 */
#ifndef HFN_CONV_DENSE_H
#define HFN_CONV_DENSE_H

#include "conv.h"
#include "int4.h"
#include "isa.h"

enum { HFN_TILE = 16 }; /* groups at most */

/* The planner gives a group HFN_TAP_BYTES for each tap and HFN_MIN_GROUP bytes at least, as no layout takes more: so
 * one plan serves every core. A tile that has room for another group uses it. */
#define HFN_TAP_BYTES 16
#define HFN_MIN_GROUP 64

static inline uint32_t hfn_group_size(uint32_t weights) {
#if HFN_ISA == HFN_ISA_MVE
    return 4 * ((weights + 15u) & ~15u);
#elif HFN_ISA == HFN_ISA_DSP
    return 8 * ((weights + 3u) & ~3u);
#else
    return 16 * weights;
#endif
}

/* What is laid out: groups of four pixels, the first of which has its tap 0 at planes; bytes are flipped to signed
 * ones by flip. */
struct hfn_tile {
    uint32_t *to;
    const uint8_t *planes;
    const struct hfn_taps *taps;
    uint32_t weights; /* of an output channel */
    uint32_t groups;
    uint32_t flip;
};

void hfn_tile_fill(const struct hfn_tile *tile);

/* Requantises and writes the channel's next pixels, all of the tile. */
void hfn_tile_outputs(const struct hfn_tile *tile, struct hfn_channel *channel, const int8_t *weight);

/* sums[4·group + pixel] = Σ weight·tap; only where hfn_tile_outputs is not assembly. */
void hfn_tile_sums(const struct hfn_tile *tile, int32_t *sums, const int8_t *weight);

/* Outputs from a tile on: where its first pixel lies in its channel's part of the band. */
struct hfn_place {
    uint32_t offset, column;
};

/* Weights are bytes, or half bytes, unpacked a channel at a time where lists would be; inline, as that is known. */
static inline struct hfn_place hfn_tile_run(struct hfn_channel *channel, const void *model, const struct hfn_conv *node,
                                            const struct hfn_span *span, const struct hfn_tile *tile,
                                            struct hfn_place start, int8_t *unpacked) {
    const uint32_t weights = tile->weights;
    const int8_t *weight = unpacked ? unpacked : hfn_in_model(model, node->weight);
    int8_t *const first = channel->y, *y = first + start.offset;
    const int8_t *const first_residual = channel->residual;
    const int8_t *residual = first_residual ? first_residual + start.offset : NULL;
    struct hfn_place end = start;
    for (uint32_t output = 0; output < node->requantise.channels; output++) {
        if (unpacked) {
            hfn_unpack(unpacked, hfn_in_model(model, node->weight), output * weights, weights);
        }
        channel->scale.multiplier = hfn_multiplier(model, &node->requantise, output);
        channel->scale.offset = hfn_offset(model, &node->requantise, output);
        channel->y = y;
        channel->residual = residual;
        channel->column = start.column;
        hfn_tile_outputs(tile, channel, weight);
        weight += unpacked ? 0 : weights;
        end.offset = start.offset + (uint32_t)(channel->y - y);
        end.column = channel->column;
        y += span->y_map;
        if (residual) {
            residual += span->residual_map;
        }
    }
    channel->y = first;
    channel->residual = first_residual;
    return end;
}

/* A kind of convolution by what it knows of its windows: the weights of an output, its taps, and how planes are filled.
 */
#define HFN_CONV_TRAINED(name, weights_of, find_taps, fill_planes)                                                     \
    static inline void name(const void *model, const struct hfn_conv *node, const struct hfn_planes *planes,           \
                            uint32_t *arena, int is_int4) {                                                            \
        const struct hfn_span *const span = &planes->span;                                                             \
        const uint32_t weights = weights_of(node), size = hfn_group_size(weights);                                     \
        const uint32_t at = node->list + (is_int4 ? (weights + 3) & ~3u : 0);                                          \
        int8_t *const unpacked = is_int4 ? hfn_in_arena(arena, node->list) : NULL;                                     \
        struct hfn_taps taps;                                                                                          \
        struct hfn_channel channel;                                                                                    \
        struct hfn_tile tile = {                                                                                       \
            hfn_in_arena(arena, at), NULL, &taps, weights, 0, node->flags & HFN_SIGNED ? 0x80808080u : 0};             \
        uint32_t most = 0;                                                                                             \
        for (uint32_t end = at + size; end <= node->list_end && most < HFN_TILE; end += size) {                        \
            most++;                                                                                                    \
        }                                                                                                              \
        find_taps(&taps, node, planes);                                                                                \
        for (uint32_t first = span->first; first < span->end; first += node->band) {                                   \
            struct hfn_place place = {0, 0};                                                                           \
            fill_planes(node, planes, arena, first);                                                                   \
            hfn_channel_open(&channel, model, node, planes, arena, first, 0);                                          \
            tile.planes = channel.planes;                                                                              \
            for (uint32_t left = channel.pixels / 4; left; left -= tile.groups, tile.planes += 4 * tile.groups) {      \
                tile.groups = left < most ? left : most;                                                               \
                hfn_tile_fill(&tile);                                                                                  \
                place = hfn_tile_run(&channel, model, node, span, &tile, place, unpacked);                             \
            }                                                                                                          \
        }                                                                                                              \
    }

HFN_CONV_TRAINED(hfn_conv_trained, hfn_weights, hfn_taps, hfn_planes_fill)

static inline void hfn_run_dense(const void *model, const struct hfn_conv *node, const struct hfn_planes *planes,
                                 uint32_t *arena) {
    hfn_conv_trained(model, node, planes, arena, 0);
}

static inline void hfn_run_int4(const void *model, const struct hfn_conv *node, const struct hfn_planes *planes,
                                uint32_t *arena) {
    hfn_conv_trained(model, node, planes, arena, 1);
}

#endif
