/* The whole of a supermask convolution, by index lists. */
#ifndef HFN_CONV_SUPERMASK_H
#define HFN_CONV_SUPERMASK_H

#include "conv.h"
#include "generator.h"
#include "isa.h"
#include "mask.h"

/* Takes a channel's weights and appends their taps: those of +1 from channel->list on, those of -1 before
 * channel->list_end. */
void hfn_build_lists(struct hfn_channel *channel, struct hfn_mask *mask, const struct hfn_taps *taps, uint32_t weights);

/* The same, for plain masks: one coat, nothing frozen, generated signs; where HFN_SMALL is 0. It may keep what is left
 * of a word reversed: all channels must be built by it. */
void hfn_build_plain_lists(struct hfn_channel *channel, struct hfn_mask *mask, const struct hfn_taps *taps,
                           uint32_t weights);

/* Lists of so many entries, as hfn_build_lists makes them. */
static inline void hfn_lists(struct hfn_channel *channel, uint32_t plus, uint32_t minus) {
    channel->plus_end = channel->list + HFN_PACE * plus;
#if HFN_PACE == 2
    channel->minus = channel->list + 1;
    channel->list_end = channel->minus + HFN_PACE * minus;
#else
    channel->minus = channel->list_end - minus;
#endif
}

/* Leaves the room to the next channel's. */
static inline void hfn_pass_lists(struct hfn_channel *channel, uint32_t plus, uint32_t minus) {
#if HFN_PACE == 2
    channel->list += HFN_PACE * (plus < minus ? minus : plus);
#else
    channel->list += plus;
    channel->list_end -= minus;
#endif
}

/* Each output has so many weights. Planes are in the hands of tap and fill, the mask in those of open and build, the
 * sums in those of run; inline, always, so that no call goes through a pointer and the stack can be measured. */
__attribute__((__always_inline__)) static inline void hfn_conv_supermask(
    const void *model, const struct hfn_conv *node, const struct hfn_planes *planes, uint32_t *arena, uint32_t weights,
    void (*tap)(struct hfn_taps *taps, const struct hfn_conv *node, const struct hfn_planes *planes),
    void (*fill)(const struct hfn_conv *node, const struct hfn_planes *planes, uint32_t *arena, uint32_t first),
    void (*open)(struct hfn_mask *mask, const void *model, uint32_t weight),
    void (*build)(struct hfn_channel *channel, struct hfn_mask *mask, const struct hfn_taps *taps, uint32_t weights),
    void (*run)(struct hfn_channel *channel)) {
    const struct hfn_span *const span = &planes->span;
    const int keep = node->flags & HFN_KEEP_LISTS;
    hfn_half *const front = hfn_in_arena(arena, node->list), *const back = hfn_in_arena(arena, node->list_end);
    struct hfn_taps taps;
    struct hfn_mask mask;
    struct hfn_channel channel;
    tap(&taps, node, planes);
    for (uint32_t first = span->first; first < span->end; first += node->band) {
        hfn_half *lengths = hfn_in_arena(arena, (node->list_end + 3) & ~3u);
        const int is_kept = first != 0 && keep;
        fill(node, planes, arena, first);
        if (!is_kept) {
            open(&mask, model, node->weight);
        }
        hfn_channel_open(&channel, model, node, planes, arena, first, 0);
        channel.list = front;
        channel.list_end = back;
        int8_t *y = channel.y;
        const int8_t *residual = channel.residual;
        for (uint32_t output = 0; output < node->requantise.channels; output++, lengths += 2, y += span->y_map) {
            channel.scale.multiplier = hfn_multiplier(model, &node->requantise, output);
            channel.scale.offset = hfn_offset(model, &node->requantise, output);
            channel.y = y;
            if (residual) {
                channel.residual = residual;
                residual += span->residual_map;
            }
            if (is_kept) {
                hfn_lists(&channel, lengths[0], lengths[1]);
            } else {
                build(&channel, &mask, &taps, weights);
            }
            const uint32_t plus = (uint32_t)(channel.plus_end - channel.list) / HFN_PACE;
            const uint32_t minus = (uint32_t)(channel.list_end - channel.minus) / HFN_PACE;
            if (channel.has_sign) {
                channel.start = -128 * ((int32_t)plus - (int32_t)minus);
            }
            run(&channel);
            if (keep) {
                lengths[0] = (hfn_half)plus;
                lengths[1] = (hfn_half)minus;
                hfn_pass_lists(&channel, plus, minus);
            }
        }
    }
}

/* The three kinds. */
static inline void hfn_run_narrow(const void *model, const struct hfn_conv *node, const struct hfn_planes *planes,
                                  uint32_t *arena) {
    hfn_conv_supermask(model, node, planes, arena, hfn_weights(node), hfn_taps, hfn_planes_fill, hfn_mask_open,
                       hfn_build_lists, hfn_channel_narrow);
}

static inline void hfn_run_wide(const void *model, const struct hfn_conv *node, const struct hfn_planes *planes,
                                uint32_t *arena) {
    hfn_conv_supermask(model, node, planes, arena, hfn_weights(node), hfn_taps, hfn_planes_fill, hfn_mask_open,
                       hfn_build_lists, hfn_channel_wide);
}

#if !HFN_SMALL

/* hfn_mask_open for a plain mask. */
static inline void hfn_mask_open_plain(struct hfn_mask *mask, const void *model, uint32_t weight) {
    const struct hfn_supermask *stored = hfn_in_model(model, weight);
    mask->weight = stored;
    mask->signs = NULL;
    mask->key = hfn_word(stored->key, HFN_SIGN_STREAM);
    mask->coat[0].next = hfn_in_model(model, stored->mask);
    mask->index = 0;
    mask->left = 0;
}

static inline void hfn_run_plain(const void *model, const struct hfn_conv *node, const struct hfn_planes *planes,
                                 uint32_t *arena) {
    hfn_conv_supermask(model, node, planes, arena, hfn_weights(node), hfn_taps, hfn_planes_fill, hfn_mask_open_plain,
                       hfn_build_plain_lists, hfn_channel_narrow);
}

#endif

#endif
