/* The whole of a supermask convolution. */
#ifndef HFN_CONV_SUPERMASK_H
#define HFN_CONV_SUPERMASK_H

#include "conv.h"
#include "mask.h"

/* Takes a channel's weights and sets what it knows of them: those of +1 from front on, those of -1 before back. */
void hfn_build_lists(struct hfn_channel *channel, struct hfn_mask *mask, const struct hfn_taps *taps, uint32_t weights,
                     hfn_half *front, hfn_half *back);

/* The sums are in run's hands; inline, so that no call goes through a pointer and the stack can be measured. */
static inline void hfn_conv_supermask(const void *model, const struct hfn_conv *node, uint32_t *arena,
                                      void (*run)(struct hfn_channel *channel)) {
    const struct hfn_planes planes = hfn_planes(node);
    const uint32_t weights = (uint32_t)node->inputs * node->kernel * node->kernel;
    hfn_half *front = hfn_in_arena(arena, node->list), *back = hfn_in_arena(arena, node->list_end);
    struct hfn_taps taps;
    struct hfn_mask mask;
    struct hfn_channel channel;
    hfn_taps(&taps, node, &planes);
    for (uint32_t first = 0; first < node->rows; first += node->band) {
        hfn_planes_fill(node, &planes, arena, first);
        hfn_mask_open(&mask, model, node->weight);
        for (uint32_t output = 0; output < node->requantise.channels; output++) {
            hfn_channel_open(&channel, model, node, &planes, arena, first, output);
            hfn_build_lists(&channel, &mask, &taps, weights, front, back);
            run(&channel);
        }
    }
}

#endif
