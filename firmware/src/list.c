#include "bits.h"
#include "conv_supermask.h"

static struct hfn_list list(const hfn_half *first, const hfn_half *end, int has_sign) {
    struct hfn_list made = {first, has_sign ? first : end - ((end - first) & 1), end};
    return made;
}

void hfn_lists(struct hfn_channel *channel, struct hfn_mask *mask, const struct hfn_taps *taps,
               const struct hfn_conv *node, uint32_t *arena) {
    const uint32_t coats = mask->weight->coats;
    const hfn_half *front = hfn_in_arena(arena, node->list), *back = hfn_in_arena(arena, node->list_end);
    hfn_half *plus = hfn_in_arena(arena, node->list), *minus = hfn_in_arena(arena, node->list_end);
    uint32_t weights = (uint32_t)node->inputs * node->kernel * node->kernel, base = 0, tap = 0;
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
    channel->plus = list(front, plus, node->has_sign);
    channel->minus = list(minus, back, node->has_sign);
    channel->start = node->has_sign ? -128 * (int32_t)((plus - front) - (back - minus)) : 0;
}
