/* A max pool of any shape, of so many rows. */
#ifndef HFN_MAX_POOL_H
#define HFN_MAX_POOL_H

#include "span.h"

/* Elements are taken row by row, windows never empty (SPEC: padding <= kernel / 2). In place without padding: a window
 * lies at or behind its output's place. */
static inline void hfn_pool(const struct hfn_max_pool *node, const struct hfn_span *span, uint32_t *arena) {
    const int32_t height = node->height, width = node->width, kernel = node->kernel, stride = node->stride;
    for (uint32_t c = 0; c < node->channels; c++) {
        const uint32_t x = span->x + c * span->x_map;
        int8_t *y = hfn_in_arena(arena, span->y + c * span->y_map + span->first * node->columns);
        int32_t top = (int32_t)span->first * stride - (int32_t)node->padding;
        for (uint32_t row = span->first; row < span->end; row++, top += stride) {
            const int32_t first_row = top < 0 ? 0 : top, last_row = top + kernel < height ? top + kernel : height;
            int32_t left = -(int32_t)node->padding;
            for (uint32_t column = 0; column < node->columns; column++, left += stride) {
                const int32_t first = left < 0 ? 0 : left, last = left + kernel < width ? left + kernel : width;
                int32_t largest = -128;
                for (int32_t i = first_row; i < last_row; i++) {
                    const int8_t *p = hfn_in_arena(arena, x + (uint32_t)(i * width + first));
                    for (const int8_t *end = p + (last - first); p != end; p++) {
                        int32_t more = *p - largest;
                        largest += more & ~hfn_sign(more);
                    }
                }
                *y++ = (int8_t)largest;
            }
        }
    }
}

#endif
