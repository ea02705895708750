/* The weights of a supermask tensor in order, up to 32 at a time (SPEC section 2). Nothing is decoded or hashed twice.
 */
#ifndef HFN_MASK_H
#define HFN_MASK_H

#include "edgehfn.h"

enum { HFN_COATS = 7, HFN_DRAWS = 8 };

struct hfn_mask {
    const struct hfn_supermask *weight;
    const uint32_t *signs;     /* stored words, or NULL */
    uint32_t key;              /* of the sign stream */
    uint32_t draws[HFN_DRAWS]; /* keys of the draw streams, where some positions are frozen */
    struct hfn_stream {
        const uint32_t *next;
        uint32_t bits; /* of the last word read, the next bit lowest */
        uint32_t left; /* of them */
    } coat[HFN_COATS];
    /* The present word: weights 32·(index - 1) and up. */
    uint32_t index;
    uint32_t left;            /* weights of the present word not yet taken */
    uint32_t kept[HFN_COATS]; /* a bit each: kept by coat 1, by coat 2, ... */
    uint32_t minus;           /* a bit each: the sign; only where coat 1 keeps any */
    /* The weights taken last. */
    uint32_t shift; /* their first bit in the present word */
    uint32_t field; /* ones, as many as were taken */
};

/* Starts before the first weight of the struct hfn_supermask at a model offset. */
void hfn_mask_open(struct hfn_mask *mask, const void *model, uint32_t weight);

/* Goes on to the next word of 32 weights. */
void hfn_mask_next(struct hfn_mask *mask);

/* Takes 1..32 weights, as many as are wanted or else those left of a word. They then are bit 0 and up of kept and minus
 * below. */
static inline uint32_t hfn_mask_take(struct hfn_mask *mask, uint32_t wanted) {
    if (mask->left == 0) {
        hfn_mask_next(mask);
    }
    uint32_t taken = wanted < mask->left ? wanted : mask->left;
    mask->shift = 32 - mask->left;
    mask->field = 0xFFFFFFFFu >> (32 - taken);
    mask->left -= taken;
    return taken;
}

static inline uint32_t hfn_mask_kept(const struct hfn_mask *mask, uint32_t coat) {
    return mask->kept[coat] >> mask->shift & mask->field;
}

static inline uint32_t hfn_mask_minus(const struct hfn_mask *mask) {
    return mask->minus >> mask->shift;
}

#endif
