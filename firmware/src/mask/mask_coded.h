/* The weights of a supermask tensor in order, one at a time, where streams are coded (SPEC section 6.1). What is done
 * depends on the mask, never on the input. */
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
        uint32_t bits;  /* what is left of a byte, the next bit lowest, under a 1 */
        uint32_t rice;  /* low bits of a gap, or HFN_RAW */
        uint32_t until; /* bits of the stream up to its next 1, that one included; 0 if that is yet to be read */
    } coat[HFN_MAX_COATS];
    uint32_t index; /* of the next weight */
    uint32_t word;  /* of 32 weights, that the rest is of: a bit each */
    uint32_t minus, pruned, frozen;
};

/* Starts before the first weight of the struct hfn_supermask at a model offset. */
void hfn_mask_open(struct hfn_mask *mask, const void *model, uint32_t weight);

/* Skips weights of 0, up to limit weights in all, and returns how many; then, if these are fewer, takes one more, which
 * is -7..7. */
uint32_t hfn_mask_find(struct hfn_mask *mask, uint32_t limit, int32_t *weight);

#endif
