/* The whole of a convolution of trained weights. */
#ifndef HFN_CONV_DENSE_H
#define HFN_CONV_DENSE_H

#include "conv.h"
#include "packed.h"

/* Sums, requantises and stores a channel of so many weights. */
void hfn_channel_dense(struct hfn_channel *channel, const struct hfn_taps *taps, const int8_t *weight,
                       uint32_t weights);

int32_t hfn_total(const int8_t *weight, uint32_t weights);

/* Weights are bytes, or packed ones, unpacked a channel at a time where lists would be; inline, for packed is known. */
static inline void hfn_conv_trained(const void *model, const struct hfn_conv *node, uint32_t *arena, int is_packed) {
    const struct hfn_planes planes = hfn_planes(node);
    const uint32_t weights = (uint32_t)node->inputs * node->kernel * node->kernel;
    int8_t *const unpacked = hfn_in_arena(arena, node->list);
    struct hfn_taps taps;
    struct hfn_channel channel;
    hfn_taps(&taps, node, &planes);
    for (uint32_t first = 0; first < node->rows; first += node->band) {
        const int8_t *weight = is_packed ? unpacked : hfn_in_model(model, node->weight);
        hfn_planes_fill(node, &planes, arena, first);
        for (uint32_t output = 0; output < node->requantise.channels; output++) {
            hfn_channel_open(&channel, model, node, &planes, arena, first, output);
            if (is_packed) {
                hfn_unpack(unpacked, model, node->weight, output * weights, weights);
            }
            if (node->flags & HFN_SIGNED) {
                channel.start = -128 * hfn_total(weight, weights);
            }
            hfn_channel_dense(&channel, &taps, weight, weights);
            weight += is_packed ? 0 : weights;
        }
    }
}

#endif
