#include "bits.h"
#include "conv_supermask.h"

#if !HFN_SMALL

#if HFN_ISA != HFN_ISA_C
/* What list_thumb2.S and list_v6m.S know of the structs. */
HFN_ASSERT(key_at_8, offsetof(struct hfn_mask, key) == 8);
HFN_ASSERT(next_at_44, offsetof(struct hfn_mask, coat[0].next) == 44);
HFN_ASSERT(index_at_128, offsetof(struct hfn_mask, index) == 128);
HFN_ASSERT(left_at_132, offsetof(struct hfn_mask, left) == 132);
HFN_ASSERT(kept_at_136, offsetof(struct hfn_mask, kept) == 136);
HFN_ASSERT(minus_at_164, offsetof(struct hfn_mask, minus) == 164);
HFN_ASSERT(period_at_164, offsetof(struct hfn_taps, period) == 164);
HFN_ASSERT(step_at_168, offsetof(struct hfn_taps, step) == 168);
#endif

void hfn_build_lists(struct hfn_channel *channel, struct hfn_mask *mask, const struct hfn_taps *taps,
                     uint32_t weights) {
    const uint32_t coats = mask->weight->coats;
    hfn_half *plus = channel->list, *minus = HFN_PACE == 2 ? plus + 1 : channel->list_end - 1;
#if HFN_PACE == 2
    channel->minus = minus;
#endif
    uint32_t base = 0, tap = 0;
    while (weights) {
        const uint16_t *offset = taps->offset + tap;
        const uint32_t taken = hfn_mask_ready(mask, weights), field = 0xFFFFFFFFu >> (32 - taken);
        for (uint32_t coat = 0; coat < coats; coat++) {
            const uint32_t kept = mask->kept[coat] & field;
            for (uint32_t bits = kept & ~mask->minus; bits; bits &= bits - 1) {
                *plus = (hfn_half)(base + offset[hfn_lowest(bits)]);
                plus += HFN_PACE;
            }
            for (uint32_t bits = kept & mask->minus; bits; bits &= bits - 1) {
                *minus = (hfn_half)(base + offset[hfn_lowest(bits)]);
                minus += HFN_PACE == 2 ? 2 : -1;
            }
        }
        hfn_mask_take(mask, coats, taken);
        weights -= taken;
        tap += taken;
        if (tap >= taps->period) {
            tap -= taps->period;
            base += taps->step;
        }
    }
    channel->plus_end = plus;
#if HFN_PACE == 2
    channel->list_end = minus;
#else
    channel->minus = minus + 1;
#endif
}

#if HFN_ISA == HFN_ISA_C
void hfn_build_plain_lists(struct hfn_channel *channel, struct hfn_mask *mask, const struct hfn_taps *taps,
                           uint32_t weights) {
    hfn_build_lists(channel, mask, taps, weights);
}
#endif

#endif
