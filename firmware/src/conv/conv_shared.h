/* The whole of a convolution whose channels share sums three by three (shared.h). */
#ifndef HFN_CONV_SHARED_H
#define HFN_CONV_SHARED_H

#include "shared.h"

#if HFN_SHARES

static inline void hfn_run_shared(const void *model, const struct hfn_conv_shared *shared,
                                  const struct hfn_planes *planes, uint32_t *arena) {
    const struct hfn_conv *const node = &shared->conv;
    const struct hfn_span *const span = &planes->span;
    const struct hfn_supermask *const stored = hfn_in_model(model, node->weight);
    const int keep = node->flags & HFN_KEEP_LISTS;
    const uint32_t channels = node->requantise.channels;
    struct hfn_masks masks = {hfn_in_model(model, stored->mask), hfn_word(stored->key, HFN_SIGN_STREAM), 0,
                              hfn_weights(node), HFN_TRIO};
    struct hfn_taps taps;
    struct hfn_trio trio;
    hfn_half built[HFN_LENGTHS];
    trio.thread = hfn_in_arena(arena, shared->thread);
    hfn_taps(&taps, node, planes);
    for (uint32_t first = span->first; first < span->end; first += node->band) {
        const int is_kept = first != 0 && keep;
        hfn_half *lengths = keep ? hfn_in_arena(arena, (node->list_end + 3) & ~3u) : built;
        hfn_half *lists = hfn_in_arena(arena, node->list);
        hfn_planes_fill(node, planes, arena, first);
        hfn_channel_open(&trio.channel, model, node, planes, arena, first, 0);
        int8_t *y = trio.channel.y;
        const int8_t *residual = trio.channel.residual;
        masks.at = 0;
        for (uint32_t output = 0; output < channels; output += HFN_TRIO) {
            masks.channels = channels - output < HFN_TRIO ? channels - output : HFN_TRIO;
            for (uint32_t i = 0; i < HFN_TRIO; i++) {
                struct hfn_output *to = &trio.output[i];
                to->y = NULL;
                if (i < masks.channels) {
                    to->multiplier = hfn_multiplier(model, &node->requantise, output + i);
                    to->offset = hfn_offset(model, &node->requantise, output + i);
                    to->y = y;
                    to->residual = residual;
                    y += span->y_map;
                    residual = residual ? residual + span->residual_map : NULL;
                }
            }
            if (!is_kept) {
                hfn_build_shared(lists, shared->rooms, lengths, &masks, &taps);
                masks.at += HFN_TRIO * masks.weights;
            }
            hfn_half *const end = hfn_split_lists(&trio, lists, shared->rooms, lengths);
            hfn_trio_narrow(&trio);
            if (keep) {
                lengths += HFN_LENGTHS;
                lists = end;
            }
        }
    }
}

#endif

#endif
