/* The whole of a supermask convolution. */
#ifndef HFN_CONV_SUPERMASK_H
#define HFN_CONV_SUPERMASK_H

#include "conv.h"
#include "mask.h"

/* Takes a channel's weights and appends their taps: those of +1 from the front of the list, those of -1 from its back.
 * A weight that n coats keep is appended n times. */
void hfn_list(struct hfn_channel *channel, struct hfn_mask *mask, const struct hfn_taps *taps, uint32_t weights);

/* The sums are in run's hands; inline, so that no call goes through a pointer and the stack can be measured. */
static inline void hfn_conv_supermask(const void *model, const struct hfn_conv *node, uint32_t *arena,
                                      void (*run)(struct hfn_channel *channel)) {
    const struct hfn_planes planes = hfn_planes(node);
    const uint32_t weights = (uint32_t)node->inputs * node->kernel * node->kernel;
    struct hfn_taps taps;
    struct hfn_mask mask;
    struct hfn_channel channel;
    hfn_taps(&taps, node, &planes);
    channel.list = hfn_in_arena(arena, node->list);
    channel.list_end = hfn_in_arena(arena, node->list_end);
    for (uint32_t first = 0; first < node->rows; first += node->band) {
        hfn_planes_fill(node, &planes, arena, first);
        hfn_mask_open(&mask, model, node->weight, weights * node->requantise.channels);
        for (uint32_t output = 0; output < node->requantise.channels; output++) {
            hfn_channel_open(&channel, model, node, &planes, arena, first, output);
            hfn_list(&channel, &mask, &taps, weights);
            int32_t balance = (int32_t)(channel.plus_end - channel.list) - (int32_t)(channel.list_end - channel.minus);
            channel.start = node->has_sign ? -128 * balance : 0;
            run(&channel);
        }
    }
}

#endif
