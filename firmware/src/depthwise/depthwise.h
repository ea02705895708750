/* Depthwise convolution: each channel is copied inside a frame of zeros, which its window never leaves, and summed from
 * there, so that no place needs to be asked whether it is on the map.
 *
 * The frame has the rows and columns that windows span, (rows - 1) · stride + (kernel - 1) · dilation + 1 of them, as
 * if columns were a multiple of HFN_SIDE; rows are pitch bytes. */
#ifndef HFN_DEPTHWISE_H
#define HFN_DEPTHWISE_H

#include "isa.h"
#include "requantise.h"

#if HFN_ISA == HFN_ISA_DSP || HFN_ISA == HFN_ISA_V7M
#include <arm_acle.h>
#endif

enum { HFN_SIDE = 4 }; /* pixels of a row that are summed together */

struct hfn_frame {
    int8_t *weights; /* room for those of a channel */
    uint8_t *bytes;
    uint32_t rows;
    uint32_t taps;                 /* weights of a channel */
    uint32_t offset[HFN_MAX_TAPS]; /* of each tap from a window's first place */
};

/* Sets all of it, and zeros. */
void hfn_frame_open(struct hfn_frame *frame, const struct hfn_depthwise *node, uint32_t *arena);

/* A channel of the output, from the map's channel and its weights. */
void hfn_frame_run(const struct hfn_frame *frame, const void *model, const struct hfn_depthwise *node, uint32_t *arena,
                   uint32_t channel, const int8_t *weights);

/* What hfn_frame_run makes: rows of y, one behind the other. */
struct hfn_lattice {
    const struct hfn_depthwise *node;
    const struct hfn_frame *frame;
    const int8_t *weights;
    struct hfn_scale scale;
    int8_t *y;
    const int8_t *residual; /* or y, if there is none, whose factor is then 0 */
};

void hfn_lattice_sum(const struct hfn_lattice *lattice);

/* An output. is_plain: no residual, and the lower limit is 0. */
static inline int8_t hfn_made(const struct hfn_scale *scale, int32_t sum, const int8_t *residual, int is_plain) {
    if (is_plain) {
        const int32_t t = (sum * scale->multiplier + scale->offset) >> scale->shift;
        return (int8_t)(HFN_CLAMP_RELU ? hfn_clamp_relu(t) : hfn_clamp(t, 0));
    }
#if HFN_ISA == HFN_ISA_DSP || HFN_ISA == HFN_ISA_V7M
    const int32_t t = (int32_t)__builtin_arm_ssat(
        (sum * scale->multiplier + scale->offset + scale->residual * *residual) >> scale->shift, 8);
    return (int8_t)(scale->lo + ((t - scale->lo) & ~hfn_sign(t - scale->lo)));
#else
    return hfn_rounded(scale, sum, *residual);
#endif
}

static inline int hfn_is_plain(const struct hfn_lattice *lattice) {
    return lattice->scale.lo == 0 && lattice->scale.residual == 0; /* which may lie where y does */
}

#endif
