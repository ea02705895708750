/* The weights of a supermask tensor in order, up to 32 at a time, where streams are coded (SPEC section 6.1). What is
 * done depends on the mask, never on the input. */
#ifndef HFN_MASK_CODED_H
#define HFN_MASK_CODED_H

#include "edgehfn.h"

#define HFN_HEADER 4 /* bits of a stream's parameter */
#define HFN_RAW 15   /* the parameter of a stream whose bits follow as they are */

struct hfn_mask {
    const struct hfn_supermask *weight;
    const uint32_t *signs; /* stored words, or NULL */
    uint32_t key;          /* of the sign stream */
    struct hfn_stream {
        const uint8_t *next;
        uint32_t bits;  /* read and not taken, the next bit lowest */
        uint32_t left;  /* how many: 0..7 between calls */
        uint32_t rice;  /* low bits of a gap, or HFN_RAW */
        uint32_t until; /* bits of the stream up to its next 1, that one included; 0 if that is yet to be read */
    } coat[HFN_MAX_COATS];
    uint32_t index; /* of the weight behind those that are ready */
    /* What is ready, the next weight lowest. */
    uint32_t kept[HFN_MAX_COATS]; /* a bit each: kept by coat 1, by coat 2, ... */
    uint32_t minus;               /* a bit each: the sign; only where coat 1 keeps any */
};

/* Starts before the first weight of the struct hfn_supermask at a model offset. */
void hfn_mask_open(struct hfn_mask *mask, const void *model, uint32_t weight);

/* Decodes some of the wanted weights, 1 or more, and returns how many: all of them, or up to the end of a word of 32.
 * They are bit 0 and up of kept and minus, and all must be taken. No stream is read beyond them: its end is not known
 * here. */
uint32_t hfn_mask_ready(struct hfn_mask *mask, uint32_t wanted);

/* As of mask words; here nothing is left of what was ready. */
static inline void hfn_mask_take(struct hfn_mask *mask, uint32_t coats, uint32_t taken) {
    (void)mask, (void)coats, (void)taken;
}

#endif
