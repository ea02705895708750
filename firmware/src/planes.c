#include "conv.h"

/* Planes of tap columns b < stride are read from the map. Plane b is plane b - stride moved by one column, and a last
 * column from the map. */

struct plane {
    uint32_t *to;
    const uint8_t *x;     /* the input channel */
    uint32_t row, column; /* of the map, of the plane's element (0, 0); may be negative modulo 2^32 */
    uint32_t rows, pitch;
    uint32_t zero; /* four zeros as stored: 0, or 0x80808080 where x + 128 is; x + zero is x ^ zero in each byte */
};

/* Rows of the map on their way to a plane. */
struct block {
    uint32_t rows;
    uint32_t step;   /* bytes of the map from a row to the next */
    uint32_t stride; /* from an element to the next */
    uint32_t pitch, zero;
};

/* Four words at a time, here and below, so that up to three behind the plane are written: parts of planes to come, or
 * of the 16 bytes behind them all. */
static void fill(uint32_t *to, uint32_t count, uint32_t zero) {
    for (uint32_t i = 0; i < count; i += 4) {
        to[i] = zero;
        to[i + 1] = zero;
        to[i + 2] = zero;
        to[i + 3] = zero;
    }
}

/* One byte on, as one run of words: rows end with the next row's beginning. */
static void move(uint32_t *to, const uint32_t *from, uint32_t count) {
    uint32_t low = from[0];
    for (uint32_t i = 0; i < count; i += 4) {
        uint32_t a = from[i + 1], b = from[i + 2], c = from[i + 3], d = from[i + 4];
        to[i] = low >> 8 | a << 24;
        to[i + 1] = a >> 8 | b << 24;
        to[i + 2] = b >> 8 | c << 24;
        to[i + 3] = c >> 8 | d << 24;
        low = d;
    }
}

static void copy_bytes(const struct block *block, uint8_t *to, const uint8_t *from, uint32_t count) {
    const uint32_t stride = block->stride, zero = block->zero;
    for (uint32_t row = 0; row < block->rows; row++) {
        for (uint32_t i = 0; i < count; i++) {
            to[i] = (uint8_t)(from[row * block->step + i * stride] ^ zero);
        }
        to += block->pitch;
    }
}

/* Words of consecutive bytes. Reads only words of the map that hold at least one of the bytes. */
static void copy_words(const struct block *block, uint32_t *to, const uint8_t *from, uint32_t count) {
    const uint32_t zero = block->zero;
    for (uint32_t row = 0; row < block->rows; row++) {
        const uint8_t *x = from + row * block->step;
        const uint32_t shift = 8 * (uint32_t)((uintptr_t)x & 3);
        const uint32_t *words = (const void *)(x - shift / 8);
        if (shift == 0) {
            for (uint32_t i = 0; i < count; i++) {
                to[i] = words[i] ^ zero;
            }
        } else {
            uint32_t low = words[0] >> shift;
            for (uint32_t i = 0; i < count; i++) {
                uint32_t high = words[i + 1];
                to[i] = (low | high << (32 - shift)) ^ zero;
                low = high >> shift;
            }
        }
        to += block->pitch / 4;
    }
}

static void read_plane(const struct hfn_conv *node, const struct plane *plane) {
    struct block block = {plane->rows, node->stride * node->width, node->stride, plane->pitch, plane->zero};
    uint32_t *to = plane->to, row = plane->row, first = 0, last = node->columns;
    fill(to, plane->rows * plane->pitch / 4, plane->zero);
    while (first < last && first * block.stride + plane->column >= node->width) {
        first++;
    }
    while (first < last && (last - 1) * block.stride + plane->column >= node->width) {
        last--;
    }
    while (block.rows && row >= node->height) {
        block.rows--;
        row += block.stride;
        to += block.pitch / 4;
    }
    while (block.rows && row + (block.rows - 1) * block.stride >= node->height) {
        block.rows--;
    }
    if (block.rows == 0 || first == last) {
        return;
    }
    const uint8_t *from = plane->x + row * node->width + (plane->column + first * block.stride);
    uint8_t *bytes = (uint8_t *)to;
    uint32_t head = (first + 3) & ~3u, tail = last & ~3u;
    if (block.stride != 1 || head >= tail) {
        copy_bytes(&block, bytes + first, from, last - first);
    } else {
        copy_bytes(&block, bytes + first, from, head - first);
        copy_words(&block, to + head / 4, from + (head - first), (tail - head) / 4);
        copy_bytes(&block, bytes + tail, from + (tail - first), last - tail);
    }
}

static void move_plane(const struct hfn_conv *node, const struct plane *plane, const uint32_t *from) {
    const uint32_t last = node->columns - 1u, column = last * node->stride + plane->column;
    const int inside = column < node->width;
    uint8_t *bytes = (uint8_t *)plane->to;
    move(plane->to, from, plane->rows * plane->pitch / 4);
    for (uint32_t i = 0, row = plane->row; i < plane->rows; i++, row += node->stride, bytes += plane->pitch) {
        bytes[plane->pitch - 1] = (uint8_t)plane->zero;
        bytes[last] = (uint8_t)plane->zero;
        if (inside && row < node->height) {
            bytes[last] ^= plane->x[row * node->width + column];
        }
    }
}

void hfn_planes_fill(const struct hfn_conv *node, const struct hfn_planes *planes, uint32_t *arena, uint32_t first) {
    const uint32_t left = node->rows - first, band = left < node->band ? left : node->band;
    const uint32_t back = node->stride * planes->phases * planes->size / 4;
    struct plane plane;
    plane.to = hfn_in_arena(arena, node->planes);
    plane.x = hfn_in_arena(arena, node->x);
    plane.rows = band + planes->reach;
    plane.pitch = planes->pitch;
    plane.zero = node->has_sign ? 0x80808080u : 0;
    for (uint32_t c = 0; c < node->inputs; c++, plane.x += node->height * node->width) {
        for (uint32_t b = 0; b < node->kernel; b++) {
            plane.column = b - node->padding;
            for (uint32_t phase = 0; phase < planes->phases; phase++, plane.to += planes->size / 4) {
                plane.row = first * node->stride + phase - node->padding;
                if (b < node->stride) {
                    read_plane(node, &plane);
                } else {
                    move_plane(node, &plane, plane.to - back);
                }
            }
        }
    }
}
