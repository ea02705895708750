#include "arena.h"
#include "generator.h"
#include "mask.h"

#if HFN_SMALL

/* One copy of the hash for its uses here. */
__attribute__((__noinline__)) static uint32_t hfn_mask_coded_word(uint32_t key, uint32_t index) {
    return hfn_word(key, index);
}

static inline uint32_t hfn_mask_coded_bit(struct hfn_stream *stream) {
    if (stream->bits == 1) {
        stream->bits = 0x100u | *stream->next++;
    }
    const uint32_t lowest = stream->bits & 1;
    stream->bits >>= 1;
    return lowest;
}

static uint32_t hfn_mask_coded_number(struct hfn_stream *stream, uint32_t bits) {
    uint32_t value = 0;
    for (uint32_t i = 0; i < bits; i++) {
        value |= hfn_mask_coded_bit(stream) << i;
    }
    return value;
}

/* Reads how far the next 1 is, unless that is known. */
static void hfn_mask_coded_look(struct hfn_stream *stream) {
    if (stream->until == 0) {
        struct hfn_stream read = *stream;
        uint32_t high = 0;
        while (hfn_mask_coded_bit(&read)) {
            high++;
        }
        read.until = (high << read.rice | hfn_mask_coded_number(&read, read.rice)) + 1;
        *stream = read;
    }
}

static uint32_t hfn_mask_coded_next(struct hfn_stream *stream) {
    if (stream->rice == HFN_RAW) {
        return hfn_mask_coded_bit(stream);
    }
    hfn_mask_coded_look(stream);
    return --stream->until == 0;
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
        stream->bits = 1;
        stream->until = 0;
        stream->rice = hfn_mask_coded_number(stream, HFN_HEADER);
    }
    mask->index = 0;
    mask->word = 0xFFFFFFFFu;
}

/* Signs and frozen positions of the next 32 weights (SPEC sections 2 and 2.1). */
static void hfn_mask_coded_open_word(struct hfn_mask *mask) {
    const uint32_t pruned = mask->weight->pruned, frozen = mask->weight->frozen;
    uint32_t is_pruned = 0, is_frozen = 0;
    mask->minus = mask->signs ? mask->signs[mask->word] : hfn_mask_coded_word(mask->key, mask->word);
    for (uint32_t bit = 0; frozen && bit < HFN_DRAWS; bit++) {
        const uint32_t draw =
            ~hfn_mask_coded_word(hfn_mask_coded_word(mask->weight->key, HFN_FROZEN_STREAM + bit), mask->word);
        is_pruned = pruned >> bit & 1 ? is_pruned | draw : is_pruned & draw;
        is_frozen = frozen >> bit & 1 ? is_frozen | draw : is_frozen & draw;
    }
    mask->pruned = is_pruned | (0u - (pruned >> HFN_DRAWS)); /* a threshold of 256 */
    mask->frozen = is_frozen | (0u - (frozen >> HFN_DRAWS));
}

static int32_t hfn_mask_coded_take(struct hfn_mask *mask) {
    const uint32_t place = mask->index & 31;
    if (mask->index >> 5 != mask->word) {
        mask->word = mask->index >> 5;
        hfn_mask_coded_open_word(mask);
    }
    mask->index++;
    uint32_t count = mask->frozen >> place & 1 ? ~mask->pruned >> place & 1 : hfn_mask_coded_next(&mask->coat[0]);
    for (uint32_t coat = 1; coat < mask->weight->coats && count == coat; coat++) {
        count += hfn_mask_coded_next(&mask->coat[coat]);
    }
    return mask->minus >> place & 1 ? -(int32_t)count : (int32_t)count;
}

uint32_t hfn_mask_find(struct hfn_mask *mask, uint32_t limit, int32_t *weight) {
    struct hfn_stream *const first = &mask->coat[0];
    const int is_known = first->rice != HFN_RAW && !mask->weight->frozen;
    for (uint32_t left = limit; left; left--) {
        if (is_known) {
            hfn_mask_coded_look(first);
            const uint32_t zeros = first->until - 1 < left ? first->until - 1 : left;
            first->until -= zeros;
            mask->index += zeros;
            left -= zeros;
            if (left == 0) {
                break;
            }
        }
        *weight = hfn_mask_coded_take(mask);
        if (*weight) {
            return limit - left;
        }
    }
    return limit;
}

#endif
