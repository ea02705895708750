#include "channel_offsets.h"
#include "isa.h"
#include "lanes.h"

#if HFN_CORE != HFN_ISA_C /* what assembly knows of the struct */
HFN_ASSERT(planes, offsetof(struct hfn_channel, planes) == HFN_CH_PLANES);
HFN_ASSERT(list, offsetof(struct hfn_channel, list) == HFN_CH_LIST);
HFN_ASSERT(plus_end, offsetof(struct hfn_channel, plus_end) == HFN_CH_PLUS_END);
HFN_ASSERT(minus, offsetof(struct hfn_channel, minus) == HFN_CH_MINUS);
HFN_ASSERT(list_end, offsetof(struct hfn_channel, list_end) == HFN_CH_LIST_END);
HFN_ASSERT(has_sign, offsetof(struct hfn_channel, has_sign) == HFN_CH_HAS_SIGN);
HFN_ASSERT(start, offsetof(struct hfn_channel, start) == HFN_CH_START);
HFN_ASSERT(multiplier, offsetof(struct hfn_channel, scale.multiplier) == HFN_CH_MULTIPLIER);
HFN_ASSERT(offset, offsetof(struct hfn_channel, scale.offset) == HFN_CH_OFFSET);
HFN_ASSERT(ratio, offsetof(struct hfn_channel, scale.residual) == HFN_CH_RATIO);
HFN_ASSERT(shift, offsetof(struct hfn_channel, scale.shift) == HFN_CH_SHIFT);
HFN_ASSERT(lo, offsetof(struct hfn_channel, scale.lo) == HFN_CH_LO);
HFN_ASSERT(pixels, offsetof(struct hfn_channel, pixels) == HFN_CH_PIXELS);
HFN_ASSERT(y, offsetof(struct hfn_channel, y) == HFN_CH_Y);
HFN_ASSERT(residual, offsetof(struct hfn_channel, residual) == HFN_CH_RESIDUAL);
HFN_ASSERT(column, offsetof(struct hfn_channel, column) == HFN_CH_COLUMN);
HFN_ASSERT(columns, offsetof(struct hfn_channel, columns) == HFN_CH_COLUMNS);
HFN_ASSERT(gap, offsetof(struct hfn_channel, gap) == HFN_CH_GAP);
#if HFN_ISA == HFN_ISA_DSP
HFN_ASSERT(own, offsetof(struct hfn_channel, own) == HFN_CH_OWN);
#endif
#endif

#if HFN_ISA_SMALL != HFN_ISA_C /* flash is spared: the sums are assembly of few bytes, and what follows them is C */

/* Pixels of a group. */
#if HFN_ISA_SMALL == HFN_ISA_MVE
enum { HFN_SUMS = 16 }; /* channel_sums_mve.S */
#elif HFN_ISA_SMALL == HFN_ISA_V6M
enum { HFN_SUMS = 8 }; /* channel_sums_v6m.S */
#else
enum { HFN_SUMS = 12 }; /* channel_sums_thumb2.S */
#endif

/* sums[i] = start + Σ plus - Σ minus of the bytes i behind planes. By N1 every sum is in -32767..32767; on the way a
 * lane may hold anything. With the DSP instructions sums may be NULL, if there are no gaps, lo = 0 and s >= 8: then the
 * group is requantised and written at y. */
void hfn_channel_sums(const struct hfn_channel *channel, const uint8_t *planes, int32_t *sums);

void hfn_channel_narrow(struct hfn_channel *channel) {
    const uint8_t *planes = channel->planes;
    uint32_t left = channel->pixels;
#if HFN_ISA_SMALL == HFN_ISA_DSP
    if (!channel->gap && channel->scale.lo == 0 && channel->scale.shift >= 8) {
        for (; left >= HFN_SUMS; left -= HFN_SUMS) {
            hfn_channel_sums(channel, planes, NULL);
            planes += HFN_SUMS;
            channel->y += HFN_SUMS;
            if (channel->residual) {
                channel->residual += HFN_SUMS;
            }
        }
    }
#endif
    while (left) {
        int32_t sums[HFN_SUMS];
        hfn_channel_sums(channel, planes, sums);
        uint32_t count = left < HFN_SUMS ? left : HFN_SUMS;
        hfn_store(channel, sums, count);
        planes += HFN_SUMS;
        left -= count;
    }
}

#elif HFN_ISA == HFN_ISA_C

/* By N1 every sum is in -32767..32767; on the way a lane may hold anything. */
void hfn_channel_narrow(struct hfn_channel *channel) {
    const uint8_t *planes = channel->planes;
    const uint32_t even = 0u - (uint32_t)channel->start * 0x00010001u;
    const uint32_t odd = 0u - (uint32_t)channel->start * 0x00010101u;
    const struct hfn_list lists[2] = {hfn_list(channel->minus, channel->list_end, channel->has_sign),
                                      hfn_list(channel->list, channel->plus_end, channel->has_sign)};
    for (uint32_t left = channel->pixels; left;) {
        struct hfn_lanes l = hfn_lanes(even, odd);
        for (int sign = 0;; sign++) { /* -(-start + Σ minus) + Σ plus */
            l = hfn_lanes_add_list(l, planes, lists[sign]);
            if (sign) {
                break;
            }
            l = hfn_lanes_negate(l);
        }
        int32_t sums[HFN_GROUP];
        hfn_lanes_split(l.even0, l.odd0, sums);
        hfn_lanes_split(l.even1, l.odd1, sums + 4);
        hfn_lanes_split(l.even2, l.odd2, sums + 8);
        hfn_lanes_split(l.even3, l.odd3, sums + 12);
        uint32_t count = left < HFN_GROUP ? left : HFN_GROUP;
        hfn_store(channel, sums, count);
        planes += HFN_GROUP;
        left -= count;
    }
}

#endif
