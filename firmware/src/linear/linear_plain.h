/* Plain supermask weights (one coat, nothing frozen, generated signs) of a fully connected layer, by lookup tables.
 *
 * For each 32 inputs, a block:
 *     for each 8 of them: the sums of all their 256 subsets
 *     for each output: the words of its mask and signs; of each byte add the sum of those kept with plus, take off that
 *     of those kept with minus
 *
 * A subset's sum is stored plus 1016, so that it is never negative and two make a word that can be added as one. As
 * many sums are taken off as are added, so that these 1016 need not. What a mask holds beyond the last input decides
 * nothing: the input there is 0. */
#ifndef HFN_LINEAR_PLAIN_H
#define HFN_LINEAR_PLAIN_H

#include "arena.h"

enum {
    HFN_BLOCK = 32,              /* inputs */
    HFN_SUBSETS = 256,           /* of 8 inputs */
    HFN_SUBSET_BIAS = 8 * 127,   /* SPEC section 3: no input is below -127 */
    HFN_TABLES = 4 * HFN_SUBSETS /* halfwords of a block's four tables, which the planner gives behind the sums */
};

/* A block, for all outputs. */
struct hfn_block {
    const hfn_half *tables;
    int32_t *sums, *end; /* of the outputs */
    const uint32_t *mask;
    uint32_t mask_step;  /* bytes from an output's word to the next one's */
    uint32_t state;      /* key + (index + 1)·HFN_GOLDEN of the signs (SPEC section 1) */
    uint32_t state_step; /* likewise */
};

/* Fills the four tables. */
void hfn_subset_sums(hfn_half *tables, const int8_t *x);

/* Adds a block's inputs where rows begin with a word. */
void hfn_add_block(const struct hfn_block *block);

/* Adds a block's inputs where a row begins so many bits behind the one before: of two words each. The word behind the
 * last one is the model's too, and decides nothing. */
void hfn_add_block_apart(const struct hfn_block *block, uint32_t inputs);

#endif
