/* A convolution:
 *
 *     for each band of output rows:
 *         build the planes
 *         for each output channel:
 *             build its index list
 *             for each group of pixels: sum, requantise, store
 *
 * Trained weights are multiplied instead (conv_dense.h).
 *
 * Planes are shifted copies of the input map, one for each tap column b in 0..k-1, input channel c and row phase f in
 * 0..min(stride, k)-1, in this order. A plane has band + (k - 1) / stride rows of pitch bytes, pitch being the output
 * columns rounded up to 4. Its element (r, j) is the input at row (first + r)·stride + f - padding and column
 * j·stride + b - padding, or 0 outside the map. For j beyond the output it
 * is 0 or some element of the input: such pixels are dropped, but their sums must stay in the range of those that are
 * kept.
 *
 * So the tap (a, b) of output pixel p = row·pitch + column is the byte p bytes behind that of pixel 0, which is in
 * plane (b, c, a % stride) at row a / stride; and the tap of pixels p..p+3 is an aligned word. Inputs that can be
 * negative are stored as x + 128. All planes and the HFN_SLACK bytes behind them, which hold zeros, take at most
 * HFN_MAX_PLANES bytes; if those of one output row take more, conv_far.h has the kernels.
 */
#ifndef HFN_CONV_H
#define HFN_CONV_H

#include "channel.h"
#include "span.h"

#define HFN_SLACK 16         /* a last group of pixels may read so far past the planes */
#define HFN_MAX_PLANES 65536 /* an index list's entries are uint16_t */

struct hfn_planes {
    uint32_t pitch;
    uint32_t phases;
    uint32_t reach;  /* (k - 1) / stride: rows of a plane beyond the band's */
    uint32_t size;   /* bytes of a plane */
    uint32_t height; /* rows of the map that may be read: no more than there are, nor than outputs need */
    struct hfn_span span;
};

/* The offsets of consecutive weights' taps are in a lookup table that starts anew every period, which is a whole number
 * of input channels. A word of 32 weights begins in one period and ends at most 31 entries later. */
enum { HFN_TAPS = 50 + 31 };

struct hfn_taps {
    uint16_t offset[HFN_TAPS]; /* of the taps of weights 0.. of a channel */
    uint32_t period;           /* in weights: the smallest multiple of k·k from 32 */
    uint32_t step;             /* in bytes of planes */
};

/* Weights of an output channel. */
static inline uint32_t hfn_weights(const struct hfn_conv *node) {
    return (uint32_t)node->inputs * node->kernel * node->kernel;
}

/* For all rows, of whole maps. */
struct hfn_planes hfn_planes(const struct hfn_conv *node);

/* For the rows of a tick. */
struct hfn_planes hfn_planes_of_rows(const struct hfn_conv *node, const struct hfn_ticks *ticks, uint32_t tick);

void hfn_taps(struct hfn_taps *taps, const struct hfn_conv *node, const struct hfn_planes *planes);

/* Fills the planes for the band that starts at output row first; bands but the span's first one find those of the band
 * before there. */
void hfn_planes_fill(const struct hfn_conv *node, const struct hfn_planes *planes, uint32_t *arena, uint32_t first);

/* Sets all of a channel but its weights. */
void hfn_channel_open(struct hfn_channel *channel, const void *model, const struct hfn_conv *node,
                      const struct hfn_planes *planes, uint32_t *arena, uint32_t first, uint32_t output);

/* A kind of convolution of whole maps, and by rows, of an inline function of the same arguments and the planes. Each
 * has its body, as few nets need both. */
#define HFN_CONV(name, run)                                                                                            \
    HFN_COLD void name(const void *model, const struct hfn_conv *node, uint32_t *arena) {                              \
        const struct hfn_planes planes = hfn_planes(node);                                                             \
        run(model, node, &planes, arena);                                                                              \
    }

#define HFN_CONV_ROWS(name, run)                                                                                       \
    HFN_COLD void name(const void *model, const struct hfn_conv *node, const struct hfn_ticks *ticks, uint32_t tick,   \
                       uint32_t *arena) {                                                                              \
        const struct hfn_planes planes = hfn_planes_of_rows(node, ticks, tick);                                        \
        if (planes.span.first != planes.span.end) {                                                                    \
            run(model, node, &planes, arena);                                                                          \
        }                                                                                                              \
    }

#endif
