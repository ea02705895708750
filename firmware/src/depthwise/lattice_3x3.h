/* Windows of 3x3 with the DSP instructions, two pixels of a row at a time: a word of a row has four places, of which
 * SXTB16 makes the pairs 0, 2 and 1, 3. A pixel's three taps of a row are then a product of pairs and one more. */
#ifndef HFN_LATTICE_3X3_H
#define HFN_LATTICE_3X3_H

#include "depthwise.h"

#include <arm_acle.h>

typedef uint32_t __attribute__((__may_alias__, __aligned__(1))) hfn_four; /* places, from anywhere */

/* Weights: the outer two of each row side by side, and the middle ones, of the upper two rows side by side. */
struct hfn_window_3x3 {
    int16x2_t top, middle, bottom, centres;
    int32_t centre;
    uint32_t below; /* bytes from a row to the next of the window */
};

static inline int16x2_t hfn_beside(int8_t low, int8_t high) {
    return (int16x2_t)(((uint32_t)low & 0xFFFFu) | (uint32_t)high << 16);
}

static inline struct hfn_window_3x3 hfn_window_3x3(const int8_t *weights, uint32_t below) {
    const struct hfn_window_3x3 window = {
        hfn_beside(weights[0], weights[2]),
        hfn_beside(weights[3], weights[5]),
        hfn_beside(weights[6], weights[8]),
        hfn_beside(weights[1], weights[4]),
        weights[7],
        below,
    };
    return window;
}

/* Adds a row's products to the sums of two pixels, stride (1 or 2) places apart. The middle weight is the lower half of
 * a word, or the upper one. */
__attribute__((__always_inline__)) static inline void hfn_add_3(int32_t *sum, const int8_t *at, int16x2_t outer,
                                                                int32_t centre, int is_upper, uint32_t stride) {
    const uint32_t four = *(const hfn_four *)(const void *)at;
    const int16x2_t even = __sxtb16((int8x4_t)four), odd = __sxtb16((int8x4_t)(four >> 8 | four << 24));
    sum[0] = __smlad(even, outer, sum[0]);
    sum[0] = is_upper ? __smlabt(odd, centre, sum[0]) : __smlabb(odd, centre, sum[0]);
    if (stride == 1) {
        sum[1] = __smlad(odd, outer, sum[1]);
        sum[1] = is_upper ? __smlatt(even, centre, sum[1]) : __smlatb(even, centre, sum[1]);
    } else {
        sum[1] = __smlatb(even, outer, sum[1]);
        sum[1] = is_upper ? __smlatt(odd, centre, sum[1]) : __smlatb(odd, centre, sum[1]);
        sum[1] = __smlabt(at[4], outer, sum[1]);
    }
}

__attribute__((__always_inline__)) static inline void
hfn_sum_3x3(int32_t *sum, const int8_t *at, const struct hfn_window_3x3 *window, uint32_t stride) {
    sum[0] = 0;
    sum[1] = 0;
    hfn_add_3(sum, at, window->top, window->centres, 0, stride);
    hfn_add_3(sum, at + window->below, window->middle, window->centres, 1, stride);
    hfn_add_3(sum, at + 2 * window->below, window->bottom, window->centre, 0, stride);
}

/* Inline, always, as it is made for each stride, and with or without a lower limit of 0 and no residual. */
__attribute__((__always_inline__)) static inline void hfn_lattice_3x3(const struct hfn_lattice *lattice,
                                                                      uint32_t stride, int is_plain) {
    const struct hfn_depthwise *node = lattice->node;
    const struct hfn_window_3x3 window = hfn_window_3x3(lattice->weights, lattice->frame->offset[3]);
    const uint32_t step = (uint32_t)node->stride[0] * node->pitch, columns = node->columns;
    const struct hfn_scale scale = lattice->scale;
    const uint8_t *row = lattice->frame->bytes;
    int8_t *y = lattice->y;
    const int8_t *residual = lattice->residual;
    for (uint32_t i = node->rows; i; i--, row += step) {
        const int8_t *at = (const void *)row;
        int32_t sum[2];
        for (const int8_t *end = y + (columns & ~1u); y != end; at += 2 * stride) {
            hfn_sum_3x3(sum, at, &window, stride);
            *y++ = hfn_made(&scale, sum[0], residual++, is_plain);
            *y++ = hfn_made(&scale, sum[1], residual++, is_plain);
        }
        if (columns & 1) {
            hfn_sum_3x3(sum, at, &window, stride);
            *y++ = hfn_made(&scale, sum[0], residual++, is_plain);
        }
    }
}

#endif
