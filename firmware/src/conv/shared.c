#include "shared.h"

#include "bits.h"
#include "channel_offsets.h"

#if HFN_SHARES

#if HFN_ISA != HFN_ISA_C
HFN_ASSERT(channel, offsetof(struct hfn_trio, channel) == 0);
HFN_ASSERT(output, offsetof(struct hfn_trio, output) == HFN_TRIO_OUTPUT);
HFN_ASSERT(split, offsetof(struct hfn_trio, split) == HFN_TRIO_SPLIT);
HFN_ASSERT(thread, offsetof(struct hfn_trio, thread) == HFN_TRIO_THREAD);
#endif

/* A channel's weights, 32 at a time from any one on. */
struct hfn_walk {
    const struct hfn_masks *masks;
    uint32_t index;       /* of the next word */
    uint32_t shift;       /* of a first weight in its word */
    uint32_t kept, minus; /* the word that has it, unless shift is 0 */
};

static inline void hfn_walk_step(struct hfn_walk *walk) {
    const struct hfn_masks *masks = walk->masks;
    walk->kept = masks->kept[walk->index];
    walk->minus = hfn_word(masks->key, walk->index);
    walk->index++;
}

static inline void hfn_walk_open(struct hfn_walk *walk, const struct hfn_masks *masks, uint32_t at) {
    walk->masks = masks;
    walk->index = at / 32;
    walk->shift = at % 32;
    walk->kept = walk->minus = 0;
    if (walk->shift) {
        hfn_walk_step(walk);
    }
}

/* The next 32 weights, or the last ones: no word is read that has none of those wanted. */
static inline void hfn_walk_take(struct hfn_walk *walk, uint32_t wanted, uint32_t *kept, uint32_t *minus) {
    const uint32_t shift = walk->shift;
    if (shift == 0) {
        hfn_walk_step(walk);
        *kept = walk->kept;
        *minus = walk->minus;
        return;
    }
    *kept = walk->kept >> shift;
    *minus = walk->minus >> shift;
    if (wanted > 32 - shift) {
        hfn_walk_step(walk);
        *kept |= walk->kept << (32 - shift);
        *minus |= walk->minus << (32 - shift);
    }
}

/* Entries of either sign that a list has room for, by how many weights of a tap are not 0. */
static inline uint32_t hfn_room(const uint16_t *rooms, uint32_t split) {
    static const uint8_t more[HFN_SPLITS] = {2, 2, 1, 2, 2, 1, 1, 1, 0, 1, 1, 0, 0}; /* than one */
    return rooms[more[split]];
}

#if HFN_ISA == HFN_ISA_C

/* Appends the taps of a word's set bits, two halfwords apart. */
static inline hfn_half *hfn_append(hfn_half *to, uint32_t bits, const uint16_t *offset, uint32_t base) {
    for (; bits; bits &= bits - 1, to += 2) {
        *to = (hfn_half)(base + offset[hfn_lowest(bits)]);
    }
    return to;
}

void hfn_shared_append(hfn_half **end, const struct hfn_tap_words *words, const uint16_t *offset, uint32_t base) {
    const uint32_t (*sign)[2] = words->sign;
    const uint32_t none[HFN_TRIO] = {words->all & ~sign[0][0] & ~sign[0][1], words->all & ~sign[1][0] & ~sign[1][1],
                                     words->all & ~sign[2][0] & ~sign[2][1]};
    const uint32_t kinds[5][2] = {{sign[0][0] & sign[1][0], sign[0][1] & sign[1][1]},
                                  {sign[0][0] & sign[1][1], sign[0][1] & sign[1][0]},
                                  {sign[0][0] & none[1], sign[0][1] & none[1]},
                                  {none[0] & sign[1][0], none[0] & sign[1][1]},
                                  {none[0] & none[1], none[0] & none[1]}};
    const uint32_t plus = sign[2][0], minus = sign[2][1];
    for (uint32_t kind = 0; kind < 4; kind++, end += 6) {
        const uint32_t up = kinds[kind][0], down = kinds[kind][1];
        end[0] = hfn_append(end[0], up & plus, offset, base);
        end[1] = hfn_append(end[1], down & minus, offset, base);
        end[2] = hfn_append(end[2], up & minus, offset, base);
        end[3] = hfn_append(end[3], down & plus, offset, base);
        end[4] = hfn_append(end[4], up & none[2], offset, base);
        end[5] = hfn_append(end[5], down & none[2], offset, base);
    }
    end[0] = hfn_append(end[0], kinds[4][0] & plus, offset, base);
    end[1] = hfn_append(end[1], kinds[4][1] & minus, offset, base);
}

#endif

void hfn_build_shared(hfn_half *lists, const uint16_t *rooms, hfn_half *lengths, const struct hfn_masks *masks,
                      const struct hfn_taps *taps) {
    struct hfn_walk walks[HFN_TRIO];
    hfn_half *ends[HFN_LENGTHS];
    uint32_t base = 0, tap = 0;
    for (uint32_t channel = 0; channel < masks->channels; channel++) {
        hfn_walk_open(&walks[channel], masks, masks->at + channel * masks->weights);
    }
    hfn_half *start = lists;
    for (uint32_t split = 0; split < HFN_SPLITS; split++) {
        ends[2 * split] = start;
        ends[2 * split + 1] = start + 1;
        start += 2 * hfn_room(rooms, split);
    }
    for (uint32_t left = masks->weights; left;) {
        const uint32_t taken = left < 32 ? left : 32, field = 0xFFFFFFFFu >> (32 - taken);
        const uint16_t *offset = taps->offset + tap;
        struct hfn_tap_words words;
        words.all = field;
        for (uint32_t channel = 0; channel < HFN_TRIO; channel++) {
            uint32_t kept = 0, signs = 0;
            if (channel < masks->channels) {
                hfn_walk_take(&walks[channel], taken, &kept, &signs);
                kept &= field;
            }
            words.sign[channel][0] = kept & ~signs;
            words.sign[channel][1] = kept & signs;
        }
        hfn_shared_append(ends, &words, offset, base);
        left -= taken;
        tap += taken;
        if (tap >= taps->period) {
            tap -= taps->period;
            base += taps->step;
        }
    }
    start = lists;
    for (uint32_t split = 0; split < HFN_SPLITS; split++) {
        lengths[2 * split] = (hfn_half)((uint32_t)(ends[2 * split] - start) / 2);
        lengths[2 * split + 1] = (hfn_half)((uint32_t)(ends[2 * split + 1] - 1 - start) / 2);
        start += 2 * hfn_room(rooms, split);
    }
}

hfn_half *hfn_split_lists(struct hfn_trio *trio, hfn_half *lists, const uint16_t *rooms, const hfn_half *lengths) {
    for (uint32_t i = 0; i < HFN_SPLITS; i++, lengths += 2) {
        struct hfn_split *split = &trio->split[i];
        split->is_minus = lengths[1] > lengths[0];
        split->both = lists;
        split->both_end = lists + 2 * lengths[1 - split->is_minus];
        split->rest = split->both_end + split->is_minus;
        split->rest_end = lists + split->is_minus + 2 * lengths[split->is_minus];
        lists += 2 * hfn_room(rooms, i);
    }
    return lists;
}

#endif
