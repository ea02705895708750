#include "channel.h"
#include "isa.h"

#if HFN_ISA_SMALL == HFN_ISA_C

/* Writes count outputs of one row. An output's place may be its residual's, which is read first. */
static inline void hfn_store_row_of(struct hfn_channel *channel, const int32_t *sums, uint32_t count, int has_residual,
                                    int is_relu) {
    const struct hfn_scale scale = channel->scale;
    const int8_t *residual = channel->residual;
    int8_t *y = channel->y;
    for (int8_t *end = y + count; y != end; y++) {
        int32_t t = scale.multiplier * *sums++ + scale.offset;
        if (has_residual) {
            t += scale.residual * *residual++;
        }
        t >>= scale.shift;
        *y = (int8_t)(is_relu ? hfn_clamp_relu(t) : hfn_clamp(t, scale.lo));
    }
    channel->residual = residual;
    channel->y = y;
}

static inline void hfn_store_row(struct hfn_channel *channel, const int32_t *sums, uint32_t count) {
    const int is_relu = HFN_CLAMP_RELU && channel->scale.lo == 0;
    if (channel->residual) {
        is_relu ? hfn_store_row_of(channel, sums, count, 1, 1) : hfn_store_row_of(channel, sums, count, 1, 0);
    } else {
        is_relu ? hfn_store_row_of(channel, sums, count, 0, 1) : hfn_store_row_of(channel, sums, count, 0, 0);
    }
}

#else

/* The same in assembly: store_row_thumb2.S, store_row_v6m.S. */
void hfn_store_row(struct hfn_channel *channel, const int32_t *sums, uint32_t count);

#endif

void hfn_store(struct hfn_channel *channel, const int32_t *sums, uint32_t count) {
    while (count) {
        uint32_t in_row = channel->columns - channel->column;
        uint32_t length = in_row < count ? in_row : count;
        hfn_store_row(channel, sums, length);
        sums += length;
        count -= length;
        channel->column += length;
        if (channel->column == channel->columns) { /* the gap lies in the row's last word, so in this group too */
            channel->column = 0;
            sums += channel->gap;
            count -= channel->gap;
        }
    }
}
