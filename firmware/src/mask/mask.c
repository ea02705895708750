#include "mask.h"

#include "arena.h"
#include "generator.h"

#if !HFN_SMALL

/* One copy of the hash for its four uses here. */
__attribute__((__noinline__)) static uint32_t hfn_mask_word(uint32_t key, uint32_t index) {
    return hfn_word(key, index);
}

void hfn_mask_open(struct hfn_mask *mask, const void *model, uint32_t weight) {
    const struct hfn_supermask *stored = hfn_in_model(model, weight);
    const uint32_t *more = hfn_in_model(model, stored->more);
    mask->weight = stored;
    mask->signs = stored->stored_signs ? hfn_in_model(model, stored->signs) : NULL;
    mask->key = hfn_mask_word(stored->key, HFN_SIGN_STREAM);
    for (uint32_t draw = 0; draw < HFN_DRAWS; draw++) {
        mask->draws[draw] = hfn_mask_word(stored->key, HFN_FROZEN_STREAM + draw);
    }
    for (uint32_t coat = 0; coat < stored->coats; coat++) {
        mask->coat[coat].next = hfn_in_model(model, coat == 0 ? stored->mask : more[coat - 1]);
        mask->coat[coat].left = 0;
    }
    mask->index = 0;
    mask->left = 0;
}

/* Lays the next bits of a stream, one for each set bit of places, at those places. */
static uint32_t hfn_mask_deposit(struct hfn_stream *stream, uint32_t places) {
    uint32_t laid = 0;
    for (; places; places &= places - 1) {
        if (stream->left == 0) {
            stream->bits = *stream->next++;
            stream->left = 32;
        }
        uint32_t lowest = places & (0u - places);
        laid |= lowest & (0u - (stream->bits & 1));
        stream->bits >>= 1;
        stream->left--;
    }
    return laid;
}

/* The first coat of the present word where some positions are frozen (SPEC section 2.1). Behind the tensor's last
 * position it may lay bits of the word that follows the stream in the model; they are never taken. */
static uint32_t hfn_mask_frozen(struct hfn_mask *mask) {
    uint32_t pruned = mask->weight->pruned, frozen = mask->weight->frozen;
    uint32_t is_pruned = 0, is_frozen = 0;
    for (uint32_t bit = 0; bit < HFN_DRAWS; bit++) {
        if ((pruned | frozen) << (31 - bit)) { /* draw bits below both thresholds' lowest set bits decide nothing */
            uint32_t draw = hfn_mask_word(mask->draws[bit], mask->index);
            is_pruned = pruned >> bit & 1 ? is_pruned | ~draw : is_pruned & ~draw;
            is_frozen = frozen >> bit & 1 ? is_frozen | ~draw : is_frozen & ~draw;
        }
    }
    is_pruned |= 0u - (pruned >> HFN_DRAWS); /* a threshold of 256 */
    is_frozen |= 0u - (frozen >> HFN_DRAWS);
    return (is_frozen & ~is_pruned) | hfn_mask_deposit(&mask->coat[0], ~is_frozen);
}

void hfn_mask_next(struct hfn_mask *mask) {
    const uint32_t coats = mask->weight->coats;
    mask->kept[0] = mask->weight->frozen ? hfn_mask_frozen(mask) : *mask->coat[0].next++;
    for (uint32_t coat = 1; coat < coats; coat++) {
        mask->kept[coat] = hfn_mask_deposit(&mask->coat[coat], mask->kept[coat - 1]);
    }
    mask->minus = mask->signs ? mask->signs[mask->index] : hfn_mask_word(mask->key, mask->index);
    mask->index++;
    mask->left = 32;
}

#endif
