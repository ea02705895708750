/* The part of hfn_aggregate that takes the time: the sums over the neighbours of some nodes, of four channels. */
#ifndef HFN_GATHER_H
#define HFN_GATHER_H

/* struct hfn_gather as assembly sees it; gather.c asserts that it is so. */
#define HFN_GATHER_BEFORE 0
#define HFN_GATHER_DEGREE 4
#define HFN_GATHER_OWN 8
#define HFN_GATHER_SUMS 12
#define HFN_GATHER_END 16
#define HFN_GATHER_WEIGHTED 20
#define HFN_GATHER_WHOLE 24
#define HFN_GATHER_HALF 28
#define HFN_GATHER_SHIFT 32

#ifndef __ASSEMBLER__

#include "arena.h"

/* Elements of four channels, each in -255·127..255·127, are two words: HFN_GATHER_LIFT + first + 2^16·second, where
 * first and second are of channels 0 and 1, then of 2 and 3. The upper half of a word is the second, as the lift keeps
 * the lower one in 0..65535. Sums of words are exact modulo 2^32, and how often the lift was added is known. */
#define HFN_GATHER_LIFT 0x8000u

enum { HFN_GATHER_WORDS = 2, HFN_GATHER_CHANNELS = 4 };

struct hfn_gather {
    const hfn_half *before; /* the halfword before the next node's neighbours */
    const hfn_half *degree; /* of the next node */
    const uint32_t *own;    /* its own words, what its neighbours' are added to */
    int32_t *sums, *end;    /* where four accumulators go for each node, up to end */
    const uint32_t *weighted;
    const hfn_half *whole; /* the weight of the sum by degree */
    int32_t half;          /* 2^shift >> 1 */
    uint32_t shift;
};

/* REQUIRE at least one node, and whole·sum + half < 2^31 in magnitude. Each node's own words are read before its sums
 * are written. */
void hfn_gather(struct hfn_gather *gather);

#endif

#endif
