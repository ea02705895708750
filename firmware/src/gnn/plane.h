/* From sums to a channel of a map over nodes, whose slots lie in one row and are a multiple of HFN_COLUMNS. */
#ifndef HFN_PLANE_H
#define HFN_PLANE_H

#include "isa.h"
#include "requantise.h"

/* Where a node's sums go. */
struct hfn_plane {
    const struct hfn_requantise *requantise;
    uint32_t y, residual; /* arena offsets; the residual is read where its multiplier is not 0 */
    uint32_t slots;       /* of a channel */
};

/* One of its channels, and what hfn_plane_write writes next. */
struct hfn_plane_row {
    struct hfn_scale scale;
    int8_t *y;
    const int8_t *residual; /* or NULL */
};

void hfn_plane_open(struct hfn_plane_row *row, const void *model, const struct hfn_plane *plane, uint32_t *arena,
                    uint32_t output);

#if HFN_SMALL

/* Requantises and writes count slots, whose sums lie stride apart. */
void hfn_plane_write(struct hfn_plane_row *row, const int32_t *sums, uint32_t stride, uint32_t count);

#else

/* min(max(t, 0), 127), in arithmetic where comparisons may become branches. */
static inline int32_t hfn_plane_clamp(int32_t t) {
#if HFN_CLAMP_RELU
    return hfn_clamp_relu(t);
#else
    t &= ~hfn_sign(t);
    return (t | hfn_sign(127 - t)) & 127;
#endif
}

/* Without a residual and for lo = 0. */
static inline void hfn_plane_relu(struct hfn_plane_row *row, const int32_t *sums, uint32_t stride, uint32_t count) {
    const struct hfn_scale scale = row->scale;
    int8_t *y = row->y;
    for (int8_t *const end = y + count; y != end; y += HFN_COLUMNS, sums += HFN_COLUMNS * stride) {
        y[0] = (int8_t)hfn_plane_clamp((scale.multiplier * sums[0] + scale.offset) >> scale.shift);
        y[1] = (int8_t)hfn_plane_clamp((scale.multiplier * sums[stride] + scale.offset) >> scale.shift);
        y[2] = (int8_t)hfn_plane_clamp((scale.multiplier * sums[2 * stride] + scale.offset) >> scale.shift);
        y[3] = (int8_t)hfn_plane_clamp((scale.multiplier * sums[3 * stride] + scale.offset) >> scale.shift);
    }
    row->y = y;
}

/* An output's place may be its residual's, which is read first. */
static inline void hfn_plane_any(struct hfn_plane_row *row, const int32_t *sums, uint32_t stride, uint32_t count,
                                 int has_residual) {
    const struct hfn_scale scale = row->scale;
    const int8_t *residual = row->residual;
    int8_t *y = row->y;
    for (int8_t *const end = y + count; y != end; sums += stride) {
        int32_t t = scale.multiplier * *sums + scale.offset;
        if (has_residual) {
            t += scale.residual * *residual++;
        }
        *y++ = (int8_t)hfn_clamp_narrow(t >> scale.shift, scale.lo);
    }
    row->residual = residual;
    row->y = y;
}

/* Requantises and writes count slots, a multiple of HFN_COLUMNS, whose sums lie stride apart. */
static inline void hfn_plane_write(struct hfn_plane_row *row, const int32_t *sums, uint32_t stride, uint32_t count) {
    if (row->residual) {
        hfn_plane_any(row, sums, stride, count, 1);
    } else if (row->scale.lo == 0) {
        hfn_plane_relu(row, sums, stride, count);
    } else {
        hfn_plane_any(row, sums, stride, count, 0);
    }
}

#endif

/* The same of sums side by side. */
void hfn_plane_store(struct hfn_plane_row *row, const int32_t *sums, uint32_t count);

#endif
