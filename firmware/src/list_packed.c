#include "conv_supermask.h"
#include "packed.h"

/* A period of the table of taps at a time. */
void hfn_build_packed_lists(struct hfn_channel *channel, const void *model, uint32_t weight, uint32_t first,
                            const struct hfn_taps *taps, uint32_t weights) {
    struct hfn_fields fields = hfn_fields(model, weight, first);
    hfn_half *plus = channel->list, *minus = channel->list_end;
    for (uint32_t base = 0, count; weights; weights -= count, base += taps->step) {
        const uint16_t *offset = taps->offset;
        count = weights < taps->period ? weights : taps->period;
        for (const uint16_t *end = offset + count; offset != end; offset++) {
            const int32_t value = hfn_field(&fields);
            if (value > 0) {
                *plus++ = (hfn_half)(base + *offset);
            } else if (value) {
                *--minus = (hfn_half)(base + *offset);
            }
        }
    }
    channel->plus_end = plus;
    channel->minus = minus;
}
