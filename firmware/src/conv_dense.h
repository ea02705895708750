/* Convolution with trained weights.
 *
 * A tile is some groups of four pixels of a band, their taps laid out side by side for a core's multiplications, as
 * signed numbers. For each tile, for each output channel: the sums of all groups, then requantisation. A group takes
 *
 *     portable, Armv6-M, Armv7-M: for each tap four pixels, 32 bits each
 *     DSP: for each four taps t.., the pixels' t and t + 2 in one word each, then t + 1 and t + 3; zeros behind the
 * last Helium: for each pixel its taps, a byte each, zeros behind them up to a multiple of 16
 */
#ifndef HFN_CONV_DENSE_H
#define HFN_CONV_DENSE_H

#include "conv.h"
#include "isa.h"

enum { HFN_TILE = 16 }; /* groups at most */

static inline uint32_t hfn_group_size(uint32_t weights) {
#if HFN_ISA == HFN_ISA_MVE
    return 4 * ((weights + 15u) & ~15u);
#elif HFN_ISA == HFN_ISA_DSP
    return 8 * ((weights + 3u) & ~3u);
#else
    return 16 * weights;
#endif
}

/* What is laid out: groups of four pixels, the first of which has its tap 0 at planes; bytes are flipped to signed
 * ones by flip. */
struct hfn_tile {
    uint32_t *to;
    const uint8_t *planes;
    const struct hfn_taps *taps;
    uint32_t weights; /* of an output channel */
    uint32_t groups;
    uint32_t flip;
};

void hfn_tile_fill(const struct hfn_tile *tile);

/* Requantises and writes the channel's next pixels, all of the tile. */
void hfn_tile_outputs(const struct hfn_tile *tile, struct hfn_channel *channel, const int8_t *weight);

/* sums[4·group + pixel] = Σ weight·tap; only where hfn_tile_outputs is not assembly. */
void hfn_tile_sums(const struct hfn_tile *tile, int32_t *sums, const int8_t *weight);

#endif
