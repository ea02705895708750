#include "arena.h"

/* Elements are taken row by row, windows never empty (SPEC: padding <= kernel / 2). In place without padding: a window
 * lies at or behind its output's place. */
void hfn_max_pool(const struct hfn_max_pool *node, uint32_t *arena) {
    const int8_t *x = hfn_in_arena(arena, node->x);
    int8_t *y = hfn_in_arena(arena, node->y);
    const int32_t height = node->height, width = node->width, kernel = node->kernel, stride = node->stride;
    for (uint32_t c = 0; c < node->channels; c++, x += height * width) {
        int32_t top = -(int32_t)node->padding;
        for (uint32_t row = 0; row < node->rows; row++, top += stride) {
            const int32_t first_row = top < 0 ? 0 : top, last_row = top + kernel < height ? top + kernel : height;
            int32_t left = -(int32_t)node->padding;
            for (uint32_t column = 0; column < node->columns; column++, left += stride) {
                const int32_t first = left < 0 ? 0 : left, last = left + kernel < width ? left + kernel : width;
                int32_t largest = -128;
                for (int32_t i = first_row; i < last_row; i++) {
                    for (const int8_t *p = x + i * width + first, *end = x + i * width + last; p != end; p++) {
                        int32_t more = *p - largest;
                        largest += more & ~hfn_sign(more);
                    }
                }
                *y++ = (int8_t)largest;
            }
        }
    }
}
