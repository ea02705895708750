#include "depthwise.h"

/* REQUIRE |sum| < 2^31 for every partial sum (SPEC section 5: the bound A). */

#if HFN_ISA == HFN_ISA_MVE

#include <arm_mve.h>

/* Four pixels are the lanes of a vector. */
__attribute__((__always_inline__)) static inline int32x4_t
hfn_lattice_tap(int32x4_t sum, const int8_t *at, int8_t weight, uint32x4_t places, int is_strided) {
    return vmlaq_n_s32(sum, is_strided ? vldrbq_gather_offset_s32(at, places) : vldrbq_s32(at), weight);
}

/* Inline, always, as it is made for windows of 3x3, of stride 1 and of others. */
__attribute__((__always_inline__)) static inline void hfn_lattice_rows(const struct hfn_lattice *lattice, int is_3x3,
                                                                       int is_strided) {
    const struct hfn_depthwise *node = lattice->node;
    const struct hfn_frame *frame = lattice->frame;
    const struct hfn_scale scale = lattice->scale;
    const uint32_t stride = node->stride[1], below = frame->offset[is_3x3 ? 3 : 0];
    const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), stride);
    const int32x4_t shift = vdupq_n_s32(-(int32_t)scale.shift), lo = vdupq_n_s32(scale.lo);
    const int8_t *const w = lattice->weights;
    const uint8_t *row = frame->bytes;
    int8_t *y = lattice->y;
    const int8_t *residual = lattice->residual;
    for (uint32_t i = node->rows; i; i--, row += (uint32_t)node->stride[0] * node->pitch) {
        const int8_t *from = (const void *)row;
        for (int32_t left = node->columns; left > 0; left -= HFN_SIDE, from += HFN_SIDE * stride) {
            const mve_pred16_t inside = vctp32q((uint32_t)left);
            const int32_t count = left < HFN_SIDE ? left : HFN_SIDE;
            int32x4_t sum = vdupq_n_s32(0);
            if (is_3x3) {
                const int8_t *at = from;
                for (uint32_t a = 0; a < 9; a += 3, at += below) {
                    sum = hfn_lattice_tap(sum, at, w[a], places, is_strided);
                    sum = hfn_lattice_tap(sum, at + 1, w[a + 1], places, is_strided);
                    sum = hfn_lattice_tap(sum, at + 2, w[a + 2], places, is_strided);
                }
            } else {
                const uint32_t *offset = frame->offset;
                for (const int8_t *weight = w, *end = w + frame->taps; weight != end; weight++) {
                    sum = hfn_lattice_tap(sum, from + *offset++, *weight, places, is_strided);
                }
            }
            int32x4_t t = vaddq_n_s32(vmulq_n_s32(sum, scale.multiplier), scale.offset);
            t = vmlaq_n_s32(t, vldrbq_z_s32(residual, inside), scale.residual);
            t = vmaxq_s32(vshlq_s32(t, shift), lo);
            vstrbq_p_s32(y, vminq_s32(t, vdupq_n_s32(127)), inside);
            y += count;
            residual += count;
        }
    }
}

void hfn_lattice_sum(const struct hfn_lattice *lattice) {
    const struct hfn_depthwise *node = lattice->node;
    const int is_strided = node->stride[1] != 1;
#if !HFN_SMALL
    if (node->kernel[0] == 3 && node->kernel[1] == 3 && node->dilation[1] == 1) {
        is_strided ? hfn_lattice_rows(lattice, 1, 1) : hfn_lattice_rows(lattice, 1, 0);
        return;
    }
#endif
    is_strided ? hfn_lattice_rows(lattice, 0, 1) : hfn_lattice_rows(lattice, 0, 0);
}

#else

/* Four pixels of a row. */
struct hfn_four_sums {
    int32_t sum[HFN_SIDE];
};

__attribute__((__always_inline__)) static inline struct hfn_four_sums
hfn_four_sums(const struct hfn_lattice *lattice, const int8_t *from, uint32_t stride) {
    const uint32_t *offset = lattice->frame->offset;
    int32_t a = 0, b = 0, c = 0, d = 0;
    for (const int8_t *weight = lattice->weights, *end = weight + lattice->frame->taps; weight != end; weight++) {
        const int8_t *at = from + *offset++;
        a += *weight * at[0];
        b += *weight * at[stride];
        c += *weight * at[2 * stride];
        d += *weight * at[3 * stride];
    }
    const struct hfn_four_sums found = {{a, b, c, d}};
    return found;
}

/* Inline, always, as it is made for the usual stride and limit. */
__attribute__((__always_inline__)) static inline void hfn_lattice_any(const struct hfn_lattice *lattice,
                                                                      uint32_t stride, int is_plain) {
    const struct hfn_depthwise *node = lattice->node;
    const struct hfn_scale scale = lattice->scale;
    const uint32_t step = (uint32_t)node->stride[0] * node->pitch;
    const uint8_t *row = lattice->frame->bytes;
    int8_t *y = lattice->y;
    const int8_t *residual = lattice->residual;
    for (uint32_t i = node->rows; i; i--, row += step) {
        const int8_t *from = (const void *)row;
        uint32_t left = node->columns;
        for (; left >= HFN_SIDE; left -= HFN_SIDE, from += HFN_SIDE * stride, residual += HFN_SIDE) {
            const struct hfn_four_sums found = hfn_four_sums(lattice, from, stride);
            *y++ = hfn_made(&scale, found.sum[0], residual, is_plain);
            *y++ = hfn_made(&scale, found.sum[1], residual + 1, is_plain);
            *y++ = hfn_made(&scale, found.sum[2], residual + 2, is_plain);
            *y++ = hfn_made(&scale, found.sum[3], residual + 3, is_plain);
        }
        if (left) {
            const struct hfn_four_sums found = hfn_four_sums(lattice, from, stride);
            for (uint32_t j = 0; j < left; j++) {
                *y++ = hfn_made(&scale, found.sum[j], residual++, is_plain);
            }
        }
    }
}

static void hfn_lattice_all(const struct hfn_lattice *lattice) {
#if !HFN_SMALL
    if (lattice->node->stride[1] == 1 && hfn_is_plain(lattice)) {
        hfn_lattice_any(lattice, 1, 1);
        return;
    }
#endif
    hfn_lattice_any(lattice, lattice->node->stride[1], 0);
}

#if HFN_ISA == HFN_ISA_DSP && !HFN_SMALL

#include "lattice_3x3.h"

void hfn_lattice_sum(const struct hfn_lattice *lattice) {
    const struct hfn_depthwise *node = lattice->node;
    const uint32_t stride = node->stride[1];
    const int is_plain = hfn_is_plain(lattice);
    if (node->kernel[0] != 3 || node->kernel[1] != 3 || node->dilation[1] != 1 || stride > 2) {
        hfn_lattice_all(lattice);
    } else if (stride == 1 && is_plain) {
        hfn_lattice_3x3(lattice, 1, 1);
    } else if (stride == 1) {
        hfn_lattice_3x3(lattice, 1, 0);
    } else if (is_plain) {
        hfn_lattice_3x3(lattice, 2, 1);
    } else {
        hfn_lattice_3x3(lattice, 2, 0);
    }
}

#else

void hfn_lattice_sum(const struct hfn_lattice *lattice) {
    hfn_lattice_all(lattice);
}

#endif

#endif
