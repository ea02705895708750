/* One output channel of one band of a convolution: the part that takes the time, and the one to replace by assembly.
 *
 * The band is computed as if its rows were pitch long (conv.h), in groups of up to 16 pixels; the last group may read
 * up to 12 bytes past the planes, which decide nothing. An entry of an index list is the offset in the planes of a tap
 * of the band's pixel 0. */
#ifndef HFN_CHANNEL_H
#define HFN_CHANNEL_H

#include "isa.h"
#include "requantise.h"

struct hfn_channel {
    const uint8_t *planes;
    /* Offsets in the planes, of the taps of the band's pixel 0: plus from list to plus_end, minus from minus to
     * list_end, HFN_PACE apart. Each is there as often as its weight counts, in any order. */
    hfn_half *list, *plus_end, *minus, *list_end;
    int has_sign;  /* planes hold x + 128, else x <= 127 */
    int32_t start; /* the sums before any weight: -128·Σ weight if has_sign, else 0 */
    struct hfn_scale scale;
    uint32_t pixels; /* of the band: a multiple of 4 */
    /* What hfn_store writes next. */
    int8_t *y;
    const int8_t *residual; /* or NULL */
    uint32_t column;        /* of y in its row */
    uint32_t columns;
    uint32_t gap; /* pixels to drop at the end of a row: 0..3 */
#if HFN_ISA == HFN_ISA_DSP
    uint32_t own[8]; /* what assembly works out once a band, when own[1] is 0 */
#endif
};

enum { HFN_GROUP = 16 };

/* With 16-bit accumulators, in lanes: SPEC N1..N3 hold. */
void hfn_channel_narrow(struct hfn_channel *channel);

/* With 32-bit accumulators. */
void hfn_channel_wide(struct hfn_channel *channel);

/* Requantises and writes the next count pixels, a multiple of 4. */
void hfn_store(struct hfn_channel *channel, const int32_t *sums, uint32_t count);

#endif
