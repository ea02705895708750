#include "conv_supermask.h"

#if HFN_SMALL

void hfn_build_lists(struct hfn_channel *channel, struct hfn_mask *mask, const struct hfn_taps *taps,
                     uint32_t weights) {
    hfn_half *plus = channel->list, *minus = channel->list_end;
    uint32_t base = 0, tap = 0;
    for (int32_t weight;; tap++, weights--) {
        const uint32_t passed = hfn_mask_find(mask, weights, &weight);
        weights -= passed;
        if (weights == 0) {
            break;
        }
        for (tap += passed; tap >= taps->period; tap -= taps->period) {
            base += taps->step;
        }
        const hfn_half entry = (hfn_half)(base + taps->offset[tap]);
        for (; weight > 0; weight--) {
            *plus++ = entry;
        }
        for (; weight < 0; weight++) {
            *--minus = entry;
        }
    }
    channel->plus_end = plus;
    channel->minus = minus;
}

#endif
