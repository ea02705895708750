/* Planes made row by row, for windows of any kind: where they are not square, or flash is spared. */
#ifndef HFN_PLANE_COLUMN_H
#define HFN_PLANE_COLUMN_H

#include "conv.h"
#include "copy.h"

/* Whether rows are copied by words. With HFN_SMALL 1 only where words may lie anywhere, as it takes too much code else.
 */
#if !HFN_SMALL || defined(__ARM_FEATURE_UNALIGNED)
enum { HFN_COPIES_WORDS = 1 };
#else
enum { HFN_COPIES_WORDS = 0 };
#endif

/* Every stride-th byte, at least one; not inlined, as its loop wants the registers. */
__attribute__((__noinline__)) static void hfn_plane_pick(uint8_t *to, const uint8_t *from, uint32_t count,
                                                         uint32_t stride, uint32_t flip) {
    const uint8_t *const end = to + count;
    do {
        *to++ = (uint8_t)(*from ^ flip);
        from += stride;
    } while (to != end);
}

/* Fills the planes of a tap column from to on, which hold zeros, and returns what is behind them. Their first place is
 * the map's column j, which may be negative modulo 2^32, and stride columns lie between two places. */
static inline uint8_t *hfn_plane_column(const struct hfn_conv *conv, const struct hfn_planes *planes, uint32_t *arena,
                                        uint32_t first, uint32_t stride, uint32_t j, uint8_t *to, uint32_t flip) {
    const uint32_t width = conv->width, left = planes->span.end - first;
    uint32_t skipped = 0, inside = 0, x = planes->span.x;
    for (; skipped < planes->pitch && j >= width; j += stride) {
        skipped++;
    }
    for (uint32_t at = j; skipped + inside < planes->pitch && at < width; at += stride) {
        inside++;
    }
    const uint32_t rows = inside ? (left < conv->band ? left : conv->band) + planes->reach : 0;
    for (uint32_t c = conv->inputs; c; c--, x += planes->span.x_map) {
        for (uint32_t phase = 0; phase < planes->phases; phase++, to += planes->size) {
            uint32_t i = first * conv->stride + phase - conv->padding;
            uint8_t *row = to + skipped;
            for (uint32_t r = rows; r; r--, row += planes->pitch, i += conv->stride) {
                if (i >= planes->height) {
                    continue;
                }
                const uint8_t *from = hfn_in_arena(arena, x + i * width + j);
                if (HFN_COPIES_WORDS && stride == 1) {
                    hfn_copy(row, from, inside, flip);
                } else {
                    hfn_plane_pick(row, from, inside, stride, flip);
                }
            }
        }
    }
    return to;
}

#endif
