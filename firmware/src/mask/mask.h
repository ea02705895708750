/* The weights of a supermask tensor in order, up to 32 at a time (SPEC section 2). Nothing is decoded or hashed twice.
 */
#ifndef HFN_MASK_H
#define HFN_MASK_H

#include "edgehfn.h"
#include "generator.h"

#if HFN_SMALL
#include "mask_coded.h"
#else

struct hfn_mask {
    const struct hfn_supermask *weight;
    const uint32_t *signs;     /* stored words, or NULL */
    uint32_t key;              /* of the sign stream */
    uint32_t draws[HFN_DRAWS]; /* keys of the draw streams, where some positions are frozen */
    struct hfn_stream {
        const uint32_t *next;
        uint32_t bits; /* of the last word read, the next bit lowest */
        uint32_t left; /* of them */
    } coat[HFN_MAX_COATS];
    /* What is left of the present word, the next weight lowest. */
    uint32_t index;               /* of the word behind it */
    uint32_t left;                /* weights of the present word not yet taken */
    uint32_t kept[HFN_MAX_COATS]; /* a bit each: kept by coat 1, by coat 2, ... */
    uint32_t minus;               /* a bit each: the sign; only where coat 1 keeps any */
};

/* Starts before the first weight of the struct hfn_supermask at a model offset. */
void hfn_mask_open(struct hfn_mask *mask, const void *model, uint32_t weight);

/* Goes on to the next word of 32 weights. */
void hfn_mask_next(struct hfn_mask *mask);

/* How many of the wanted weights, 1..32, can be looked at: at least one. They are bit 0 and up of kept and minus. */
static inline uint32_t hfn_mask_ready(struct hfn_mask *mask, uint32_t wanted) {
    if (mask->left == 0) {
        hfn_mask_next(mask);
    }
    return wanted < mask->left ? wanted : mask->left;
}

/* Leaves so many behind. A shift by 32 is two of 16, as C has none. */
static inline void hfn_mask_take(struct hfn_mask *mask, uint32_t coats, uint32_t taken) {
    const uint32_t half = taken >> 1, rest = taken - half;
    for (uint32_t coat = 0; coat < coats; coat++) {
        mask->kept[coat] = mask->kept[coat] >> half >> rest;
    }
    mask->minus = mask->minus >> half >> rest;
    mask->left -= taken;
}

#endif

#endif
