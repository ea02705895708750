#include "conv.h"

#if HFN_SMALL

/* Not inlined, as its loop wants the registers. */
__attribute__((__noinline__)) static void hfn_planes_small_copy(uint8_t *to, const uint8_t *from, uint32_t count,
                                                                uint32_t stride, uint32_t zero) {
    for (const uint8_t *end = to + count; to != end; from += stride) {
        *to++ = (uint8_t)(*from ^ zero);
    }
}

/* A plane, whose first element is in row i and column j of the map at x; both may be negative modulo 2^32. */
static void hfn_planes_small_fill_plane(const struct hfn_conv *node, const struct hfn_planes *planes, uint8_t *to,
                                        uint32_t *arena, uint32_t x, uint32_t i, uint32_t j, uint32_t zero) {
    const uint32_t stride = node->stride, width = node->width;
    uint32_t left = planes->pitch, inside = 0;
    for (; left && j >= width; left--, j += stride) {
        to++;
    }
    for (uint32_t column = j; left && column < width; left--, column += stride) {
        inside++;
    }
    for (uint32_t row = node->band + planes->reach; row; row--, i += stride, to += planes->pitch) {
        if (i < planes->height) {
            hfn_planes_small_copy(to, hfn_in_arena(arena, x + i * width + j), inside, stride, zero);
        }
    }
}

/* Rows beyond those of the last band, and columns beyond the output, hold inputs or zeros too. */
void hfn_planes_fill(const struct hfn_conv *node, const struct hfn_planes *planes, uint32_t *arena, uint32_t first) {
    const uint32_t zero = node->flags & HFN_SIGNED ? 0x80808080u : 0;
    const uint32_t count = node->inputs * node->kernel * planes->phases;
    uint32_t *all = hfn_in_arena(arena, node->planes);
    uint8_t *to = (uint8_t *)all;
    for (uint32_t *end = all + count * planes->size / 4 + HFN_SLACK / 4; all != end; all++) {
        *all = zero;
    }
    for (uint32_t b = 0; b < node->kernel; b++) {
        uint32_t x = planes->span.x;
        for (uint32_t c = node->inputs; c; c--, x += planes->span.x_map) {
            for (uint32_t phase = 0; phase < planes->phases; phase++, to += planes->size) {
                hfn_planes_small_fill_plane(node, planes, to, arena, x, first * node->stride + phase - node->padding,
                                            b - node->padding, zero);
            }
        }
    }
}

#endif
