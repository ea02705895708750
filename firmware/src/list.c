#include "bits.h"
#include "conv_supermask.h"

void hfn_build_lists(struct hfn_channel *channel, struct hfn_mask *mask, const struct hfn_taps *taps, uint32_t weights,
                     hfn_half *plus, hfn_half *minus) {
    const uint32_t coats = mask->weight->coats;
    uint32_t base = 0, tap = 0;
    while (weights) {
        const uint16_t *offset = taps->offset + tap;
        uint32_t taken = hfn_mask_take(mask, weights);
        uint32_t signs = hfn_mask_minus(mask), kept;
        for (uint32_t coat = 0; coat < coats && (kept = hfn_mask_kept(mask, coat)) != 0; coat++) {
            for (uint32_t bits = kept & ~signs; bits; bits &= bits - 1) {
                *plus++ = (hfn_half)(base + offset[hfn_lowest(bits)]);
            }
            for (uint32_t bits = kept & signs; bits; bits &= bits - 1) {
                *--minus = (hfn_half)(base + offset[hfn_lowest(bits)]);
            }
        }
        weights -= taken;
        tap += taken;
        if (tap >= taps->period) {
            tap -= taps->period;
            base += taps->step;
        }
    }
    channel->plus_end = plus;
    channel->minus = minus;
    if (channel->has_sign) {
        channel->start = -128 * (int32_t)((plus - channel->list) - (channel->list_end - minus));
    }
}
