/* Lists from mask words. */
#ifndef HFN_LIST_WORDS_H
#define HFN_LIST_WORDS_H

#include "bits.h"
#include "conv_supermask.h"

/* A function that builds lists; passed is what may run over the end of a period: if where a period has 32 weights and
 * more, else while. */
#define HFN_BUILD_LISTS(name, passed)                                                                                  \
    void name(struct hfn_channel *channel, struct hfn_mask *mask, const struct hfn_taps *taps, uint32_t weights) {     \
        const uint32_t coats = mask->weight->coats;                                                                    \
        hfn_half *plus = channel->list, *minus = HFN_PACE == 2 ? plus + 1 : channel->list_end - 1;                     \
        if (HFN_PACE == 2) {                                                                                           \
            channel->minus = minus;                                                                                    \
        }                                                                                                              \
        uint32_t base = 0, tap = 0;                                                                                    \
        while (weights) {                                                                                              \
            const uint16_t *offset = taps->offset + tap;                                                               \
            const uint32_t taken = hfn_mask_ready(mask, weights), field = 0xFFFFFFFFu >> (32 - taken);                 \
            for (uint32_t coat = 0; coat < coats; coat++) {                                                            \
                const uint32_t kept = mask->kept[coat] & field;                                                        \
                for (uint32_t bits = kept & ~mask->minus; bits; bits &= bits - 1) {                                    \
                    *plus = (hfn_half)(base + offset[hfn_lowest(bits)]);                                               \
                    plus += HFN_PACE;                                                                                  \
                }                                                                                                      \
                for (uint32_t bits = kept & mask->minus; bits; bits &= bits - 1) {                                     \
                    *minus = (hfn_half)(base + offset[hfn_lowest(bits)]);                                              \
                    minus += HFN_PACE == 2 ? 2 : -1;                                                                   \
                }                                                                                                      \
            }                                                                                                          \
            hfn_mask_take(mask, coats, taken);                                                                         \
            weights -= taken;                                                                                          \
            tap += taken;                                                                                              \
            passed(tap >= taps->period) {                                                                              \
                tap -= taps->period;                                                                                   \
                base += taps->step;                                                                                    \
            }                                                                                                          \
        }                                                                                                              \
        channel->plus_end = plus;                                                                                      \
        if (HFN_PACE == 2) {                                                                                           \
            channel->list_end = minus;                                                                                 \
        } else {                                                                                                       \
            channel->minus = minus + 1;                                                                                \
        }                                                                                                              \
    }

#endif
