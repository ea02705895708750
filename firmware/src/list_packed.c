#include "conv_supermask.h"
#include "packed.h"

/* A period of the table of taps at a time. */
void hfn_build_packed_lists(struct hfn_channel *channel, const void *model, uint32_t weight, uint32_t first,
                            const struct hfn_taps *taps, uint32_t weights) {
    hfn_half *plus = channel->list, *minus = channel->list_end;
    int8_t unpacked[HFN_TAPS];
    for (uint32_t base = 0, count; weights; weights -= count, first += count, base += taps->step) {
        count = weights < taps->period ? weights : taps->period;
        hfn_unpack(unpacked, model, weight, first, count);
        for (uint32_t i = 0; i < count; i++) {
            const hfn_half offset = (hfn_half)(base + taps->offset[i]);
            if (unpacked[i] > 0) {
                *plus++ = offset;
            } else if (unpacked[i]) {
                *--minus = offset;
            }
        }
    }
    channel->plus_end = plus;
    channel->minus = minus;
}
