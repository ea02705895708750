/* Convolutions whose windows are not square: kernels, strides and padding of rows and of columns, and dilation.
 *
 * Planes are those of conv.h, for each tap column b the input shifted by b · dilation[1] - padding; the tap of row a is
 * in phase a · dilation[0] % stride at row a · dilation[0] / stride. So what sums planes is that of square windows,
 * whose headers are to be included behind this one, which tells them of these windows. But each band's planes are made
 * anew, and byte by byte where columns have a stride. */
#ifndef HFN_RECT_H
#define HFN_RECT_H

#include "conv.h"

static inline const struct hfn_rect *hfn_rect(const struct hfn_conv *conv) {
    return (const void *)conv; /* which is its first member */
}

static inline uint32_t hfn_rect_weights(const struct hfn_conv *conv) {
    return (uint32_t)conv->inputs * conv->kernel * hfn_rect(conv)->kernel;
}

/* hfn_planes and hfn_planes_of_rows; ticks is NULL for whole maps. */
struct hfn_planes hfn_rect_planes(const struct hfn_rect *node, const struct hfn_ticks *ticks, uint32_t tick);

/* hfn_taps, hfn_far_taps and hfn_planes_fill, for the conv of a struct hfn_rect. */
void hfn_rect_taps(struct hfn_taps *taps, const struct hfn_conv *conv, const struct hfn_planes *planes);
void hfn_rect_far_taps(struct hfn_taps *taps, const struct hfn_conv *conv, const struct hfn_planes *planes);
void hfn_rect_fill(const struct hfn_conv *conv, const struct hfn_planes *planes, uint32_t *arena, uint32_t first);

struct hfn_mask;

/* hfn_build_lists for periods of any number of weights. */
#if HFN_SMALL
#define hfn_build_rect_lists hfn_build_lists
#else
void hfn_build_rect_lists(struct hfn_channel *channel, struct hfn_mask *mask, const struct hfn_taps *taps,
                          uint32_t weights);
#endif

/* HFN_CONV_ROWS and HFN_CONV: whole maps are rows without ticks, so that both have one body. */
#define HFN_RECT_ROWS(name, run)                                                                                       \
    HFN_COLD void name(const void *model, const struct hfn_rect *node, const struct hfn_ticks *ticks, uint32_t tick,   \
                       uint32_t *arena) {                                                                              \
        const struct hfn_planes planes = hfn_rect_planes(node, ticks, tick);                                           \
        if (planes.span.first != planes.span.end) {                                                                    \
            run(model, &node->conv, &planes, arena);                                                                   \
        }                                                                                                              \
    }

#define HFN_RECT(name, name_rows)                                                                                      \
    HFN_COLD void name(const void *model, const struct hfn_rect *node, uint32_t *arena) {                              \
        name_rows(model, node, NULL, 0, arena);                                                                        \
    }

#endif
