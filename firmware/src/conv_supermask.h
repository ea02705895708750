/* The whole of a supermask convolution. */
#ifndef HFN_CONV_SUPERMASK_H
#define HFN_CONV_SUPERMASK_H

#include "conv.h"
#include "mask.h"

/* Takes a channel's weights and sets its lists and start: plus from the front of the node's list memory, minus from its
 * back. */
void hfn_lists(struct hfn_channel *channel, struct hfn_mask *mask, const struct hfn_taps *taps,
               const struct hfn_conv *node, uint32_t *arena);

/* The sums are in run's hands; inline, so that no call goes through a pointer and the stack can be measured. */
static inline void hfn_conv_supermask(const void *model, const struct hfn_conv *node, uint32_t *arena,
                                      void (*run)(struct hfn_channel *channel)) {
    const struct hfn_planes planes = hfn_planes(node);
    const uint32_t weights = (uint32_t)node->requantise.channels * node->inputs * node->kernel * node->kernel;
    struct hfn_taps taps;
    struct hfn_mask mask;
    struct hfn_channel channel;
    hfn_taps(&taps, node, &planes);
    for (uint32_t first = 0; first < node->rows; first += node->band) {
        hfn_planes_fill(node, &planes, arena, first);
        hfn_mask_open(&mask, model, node->weight, weights);
        for (uint32_t output = 0; output < node->requantise.channels; output++) {
            hfn_channel_open(&channel, model, node, &planes, arena, first, output);
            hfn_lists(&channel, &mask, &taps, node, arena);
            run(&channel);
        }
    }
}

#endif
