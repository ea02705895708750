/* Convolutions with trained weights and planes beyond HFN_MAX_PLANES: groups of pixels, each of whose sums walks the
 * channel's weights. Nothing is laid out, so no scratch is needed but a channel's unpacked weights, if they are int4.
 */
#ifndef HFN_CONV_FAR_TRAINED_H
#define HFN_CONV_FAR_TRAINED_H

#include "conv_far.h"
#include "int4.h"

/* sums[i] = start + Σ weight·tap of the pixel i, whose tap 0 is at planes + i. A start that is no constant keeps
 * compilers from calling memset. */
static inline void hfn_far_sums(int32_t *sums, int32_t start, const uint8_t *planes, const struct hfn_taps *taps,
                                const int8_t *weight, uint32_t weights, uint32_t flip) {
    for (uint32_t i = 0; i < HFN_GROUP; i++) {
        sums[i] = start;
    }
    for (uint32_t tap = 0, at = 0; at < weights; at++) {
        const uint8_t *from = planes + HFN_FAR_UNIT * (uint32_t)taps->offset[tap];
        for (uint32_t i = 0; i < HFN_GROUP; i++) {
            sums[i] += weight[at] * (int8_t)(from[i] ^ flip);
        }
        if (++tap == taps->period) {
            tap = 0;
            planes += HFN_FAR_UNIT * taps->step;
        }
    }
}

/* As HFN_CONV_TRAINED. */
#define HFN_CONV_FAR_TRAINED(name, weights_of, find_taps, fill_planes)                                                 \
    static inline void name(const void *model, const struct hfn_conv *node, const struct hfn_planes *planes,           \
                            uint32_t *arena, int is_int4) {                                                            \
        const struct hfn_span *const span = &planes->span;                                                             \
        const uint32_t weights = weights_of(node);                                                                     \
        const uint32_t flip = node->flags & HFN_SIGNED ? 0x80 : 0;                                                     \
        const int8_t *const values = hfn_in_model(model, node->weight);                                                \
        int8_t *const unpacked = hfn_in_arena(arena, node->list);                                                      \
        struct hfn_taps taps;                                                                                          \
        struct hfn_channel channel;                                                                                    \
        find_taps(&taps, node, planes);                                                                                \
        for (uint32_t first = span->first; first < span->end; first += node->band) {                                   \
            fill_planes(node, planes, arena, first);                                                                   \
            for (uint32_t output = 0; output < node->requantise.channels; output++) {                                  \
                const int8_t *weight = is_int4 ? unpacked : values + output * weights;                                 \
                if (is_int4) {                                                                                         \
                    hfn_unpack(unpacked, values, output * weights, weights);                                           \
                }                                                                                                      \
                hfn_channel_open(&channel, model, node, planes, arena, first, output);                                 \
                for (uint32_t left = channel.pixels; left; channel.planes += HFN_GROUP) {                              \
                    const uint32_t count = left < HFN_GROUP ? left : HFN_GROUP;                                        \
                    int32_t sums[HFN_GROUP];                                                                           \
                    hfn_far_sums(sums, channel.start, channel.planes, &taps, weight, weights, flip);                   \
                    hfn_store(&channel, sums, count);                                                                  \
                    left -= count;                                                                                     \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

HFN_CONV_FAR_TRAINED(hfn_conv_far_trained, hfn_weights, hfn_far_taps, hfn_planes_fill)

#endif
