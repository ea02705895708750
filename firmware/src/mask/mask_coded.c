#include "arena.h"
#include "generator.h"
#include "mask.h"

#if HFN_SMALL

/* One copy of the hash for its uses here. */
__attribute__((__noinline__)) static uint32_t hfn_mask_coded_word(uint32_t key, uint32_t index) {
    return hfn_word(key, index);
}

/* The next bits of a stream as they are, up to 16. */
static uint32_t hfn_mask_coded_bits(struct hfn_stream *stream, uint32_t count) {
    uint32_t bits = stream->bits, left = stream->left;
    for (; left < count; left += 8) {
        bits |= (uint32_t)*stream->next++ << left;
    }
    stream->bits = bits >> count;
    stream->left = left - count;
    return bits & ((1u << count) - 1);
}

/* The next gap, and the 1 behind it. */
static uint32_t hfn_mask_coded_gap(struct hfn_stream *stream) {
    uint32_t bits = stream->bits, left = stream->left, high = 0;
    for (;;) {
        for (; bits & 1; bits >>= 1) { /* beyond what is left there are zeros */
            left--;
            high++;
        }
        if (left) {
            break;
        }
        bits = *stream->next++;
        left = 8;
    }
    stream->bits = bits >> 1;
    stream->left = left - 1;
    return (high << stream->rice | hfn_mask_coded_bits(stream, stream->rice)) + 1;
}

/* The next bits of what a stream stands for, up to 32. */
static uint32_t hfn_mask_coded_take(struct hfn_stream *stream, uint32_t count) {
    uint32_t taken = 0;
    if (stream->rice == HFN_RAW) {
        const uint32_t half = count >> 1;
        taken = hfn_mask_coded_bits(stream, half);
        return taken | hfn_mask_coded_bits(stream, count - half) << half;
    }
    uint32_t until = stream->until;
    for (uint32_t at = 0; at != count;) {
        if (until == 0) {
            until = hfn_mask_coded_gap(stream);
        }
        const uint32_t passed = until < count - at ? until : count - at;
        at += passed;
        until -= passed;
        if (until == 0) {
            taken |= 1u << (at - 1);
        }
    }
    stream->until = until;
    return taken;
}

/* Lays the next bits, one for each set bit of places, at those places. */
static uint32_t hfn_mask_coded_deposit(struct hfn_stream *stream, uint32_t places) {
    uint32_t count = 0, laid = 0;
    for (uint32_t left = places; left; left &= left - 1) {
        count++;
    }
    for (uint32_t bits = hfn_mask_coded_take(stream, count); places; places &= places - 1, bits >>= 1) {
        laid |= places & (0u - places) & (0u - (bits & 1));
    }
    return laid;
}

void hfn_mask_open(struct hfn_mask *mask, const void *model, uint32_t weight) {
    const struct hfn_supermask *stored = hfn_in_model(model, weight);
    const uint32_t *more = hfn_in_model(model, stored->more);
    mask->weight = stored;
    mask->signs = stored->stored_signs ? hfn_in_model(model, stored->signs) : NULL;
    mask->key = hfn_mask_coded_word(stored->key, HFN_SIGN_STREAM);
    for (uint32_t coat = 0; coat < stored->coats; coat++) {
        struct hfn_stream *stream = &mask->coat[coat];
        stream->next = hfn_in_model(model, coat == 0 ? stored->mask : more[coat - 1]);
        stream->left = 0;
        stream->bits = 0;
        stream->until = 0;
        stream->rice = hfn_mask_coded_bits(stream, HFN_HEADER);
    }
    mask->index = 0;
}

/* The first coat of some weights from a place of a word on, where some positions are frozen (SPEC section 2.1). */
static uint32_t hfn_mask_coded_frozen(struct hfn_mask *mask, uint32_t word, uint32_t place, uint32_t field) {
    const uint32_t pruned = mask->weight->pruned, frozen = mask->weight->frozen;
    uint32_t is_pruned = 0, is_frozen = 0;
    for (uint32_t bit = 0; bit < HFN_DRAWS; bit++) {
        const uint32_t draw =
            ~hfn_mask_coded_word(hfn_mask_coded_word(mask->weight->key, HFN_FROZEN_STREAM + bit), word);
        is_pruned = pruned >> bit & 1 ? is_pruned | draw : is_pruned & draw;
        is_frozen = frozen >> bit & 1 ? is_frozen | draw : is_frozen & draw;
    }
    is_pruned |= 0u - (pruned >> HFN_DRAWS); /* a threshold of 256 */
    is_frozen |= 0u - (frozen >> HFN_DRAWS);
    return ((is_frozen & ~is_pruned) >> place & field) |
           hfn_mask_coded_deposit(&mask->coat[0], ~is_frozen >> place & field);
}

uint32_t hfn_mask_ready(struct hfn_mask *mask, uint32_t wanted) {
    const uint32_t word = mask->index >> 5, place = mask->index & 31, rest = 32 - place;
    const uint32_t count = wanted < rest ? wanted : rest;
    mask->index += count;
    mask->minus = (mask->signs ? mask->signs[word] : hfn_mask_coded_word(mask->key, word)) >> place;
    uint32_t kept = mask->weight->frozen ? hfn_mask_coded_frozen(mask, word, place, 0xFFFFFFFFu >> (32 - count))
                                         : hfn_mask_coded_take(&mask->coat[0], count);
    mask->kept[0] = kept;
    for (uint32_t coat = 1; coat < mask->weight->coats; coat++) {
        mask->kept[coat] = kept = hfn_mask_coded_deposit(&mask->coat[coat], kept);
    }
    return count;
}

#endif
