#include "isa.h"
#include "lanes.h"

#if HFN_ISA != HFN_ISA_C
/* What assembly knows of the struct. */
HFN_ASSERT(list_at_4, offsetof(struct hfn_channel, list) == 4);
HFN_ASSERT(start_at_24, offsetof(struct hfn_channel, start) == 24);
HFN_ASSERT(multiplier_at_28, offsetof(struct hfn_channel, scale.multiplier) == 28);
HFN_ASSERT(shift_at_40, offsetof(struct hfn_channel, scale.shift) == 40);
HFN_ASSERT(lo_at_44, offsetof(struct hfn_channel, scale.lo) == 44);
HFN_ASSERT(pixels_at_48, offsetof(struct hfn_channel, pixels) == 48);
HFN_ASSERT(column_at_60, offsetof(struct hfn_channel, column) == 60);
HFN_ASSERT(gap_at_68, offsetof(struct hfn_channel, gap) == 68);
#else

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
