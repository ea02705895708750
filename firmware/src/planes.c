#include "conv.h"
#include "runs.h"

/* Planes whose column 0 is one of the map's columns 0..stride-1 are read from the map. The others are a plane stride
 * tap columns away, moved by one column: all of a plane as one run of words, where rows end with the next row's
 * beginning or start with the last one's end, and then the one column that is wrong. Columns from node->columns on hold
 * anything. */

struct plane {
    uint32_t *to;
    const uint8_t *x; /* the input channel */
    uint32_t row;     /* of the map, of the plane's first; may be negative modulo 2^32 */
    uint32_t column;  /* likewise */
    uint32_t rows, pitch;
    uint32_t zero; /* four zeros as stored: 0, or 0x80808080 where x + 128 is; x + zero is x ^ zero in each byte */
};

static void fill(uint32_t *to, const uint32_t *end, uint32_t zero) {
    while (to < end) {
        *to++ = zero;
    }
}

static void read_bytes(const struct hfn_conv *node, const struct plane *plane, uint8_t *to, const uint8_t *row,
                       uint32_t first) {
    for (uint32_t j = first, column = plane->column + first * node->stride; j < node->columns;
         j++, column += node->stride) {
        to[j] = (uint8_t)((column < node->width ? row[column] : 0u) ^ plane->zero);
    }
}

/* Every second byte of rows whose words are the map's: from the first on, or from the second where odd is 8. */
static void halve(const struct plane *plane, uint32_t *to, const uint32_t *end, const uint32_t *from, uint32_t words,
                  uint32_t step) {
    const uint32_t odd = 8 * plane->column, zero = plane->zero;
    for (; to < end; to += plane->pitch / 4, from += step) {
        for (uint32_t i = 0; i < words; i++) {
            uint32_t low = from[2 * i] >> odd & 0x00FF00FFu, high = from[2 * i + 1] >> odd & 0x00FF00FFu;
            low |= low >> 8;
            high |= high >> 8;
            to[i] = ((low & 0xFFFFu) | high << 16) ^ zero;
        }
    }
}

/* Consecutive bytes of each row, as words. Reads only words of the map that hold at least one of them. */
static void copy_rows(const struct plane *plane, uint32_t *to, const uint32_t *end, const uint8_t *from, uint32_t words,
                      uint32_t step) {
    const uint32_t zero = plane->zero;
    for (; to < end; to += plane->pitch / 4, from += step) {
        const uint32_t shift = 8 * (uint32_t)((uintptr_t)from & 3);
        const uint32_t *x = (const void *)(from - shift / 8);
        if (shift == 0) {
            hfn_run_copy(to, to + words, x, zero);
            continue;
        }
        uint32_t low = words ? x[0] : 0;
        for (uint32_t i = 0; i < words; i++) {
            uint32_t high = x[i + 1];
            to[i] = (low >> shift | high << (32 - shift)) ^ zero;
            low = high;
        }
    }
}

/* Rows of the map; words first, where they can be taken as such. */
static void read_rows(const struct hfn_conv *node, const struct plane *plane, uint32_t *to, const uint8_t *from,
                      uint32_t rows) {
    const uint32_t step = node->stride * node->width, pitch = plane->pitch / 4;
    const uint32_t inside = node->columns < node->width ? node->columns : node->width;
    const uint32_t *end = to + rows * pitch;
    const void *all = from;
    uint32_t done = 0;
    if (node->stride == 1 && plane->column == 0) {
        if (node->width == plane->pitch) {
            hfn_run_copy(to, end, all, plane->zero);
            return;
        }
        copy_rows(plane, to, end, from, inside / 4, step);
        done = inside & ~3u;
    } else if (node->stride == 2 && plane->column < 2 && node->width % 4 == 0 && 2u * node->columns <= node->width) {
        halve(plane, to, end, all, inside / 4, step / 4);
        done = inside & ~3u;
    }
    if (done < node->columns) {
        for (; rows; rows--, to += pitch, from += step) {
            read_bytes(node, plane, (uint8_t *)to, from, done);
        }
    }
}

static void read_plane(const struct hfn_conv *node, const struct plane *plane) {
    const uint32_t pitch = plane->pitch / 4;
    uint32_t *to = plane->to, row = plane->row, rows = plane->rows, above = 0, below = 0;
    while (above < rows && row >= node->height) {
        above++;
        row += node->stride;
    }
    rows -= above;
    while (rows && row + (rows - 1) * node->stride >= node->height) {
        rows--;
        below++;
    }
    fill(to, to + above * pitch, plane->zero);
    to += above * pitch;
    if (rows) {
        read_rows(node, plane, to, plane->x + row * node->width, rows);
    }
    to += rows * pitch;
    fill(to, to + below * pitch, plane->zero);
}

/* Sets a column that moving left wrong. */
static void mend(const struct hfn_conv *node, const struct plane *plane, uint32_t j) {
    const uint32_t column = plane->column + j * node->stride;
    uint8_t *to = (uint8_t *)plane->to + j;
    if (column >= node->width) {
        for (uint32_t rows = plane->rows; rows; rows--, to += plane->pitch) {
            *to = (uint8_t)plane->zero;
        }
        return;
    }
    for (uint32_t i = 0, row = plane->row; i < plane->rows; i++, row += node->stride, to += plane->pitch) {
        *to = (uint8_t)((row < node->height ? plane->x[row * node->width + column] : 0u) ^ plane->zero);
    }
}

void hfn_planes_fill(const struct hfn_conv *node, const struct hfn_planes *planes, uint32_t *arena, uint32_t first) {
    const uint32_t left = node->rows - first, band = left < node->band ? left : node->band;
    const uint32_t column = planes->phases * planes->size / 4, back = node->stride * column;
    const uint32_t kernel = node->kernel, stride = node->stride, padding = node->padding;
    uint32_t *const start = hfn_in_arena(arena, node->planes);
    struct plane plane;
    plane.x = hfn_in_arena(arena, node->x);
    plane.rows = band + planes->reach;
    plane.pitch = planes->pitch;
    plane.zero = node->flags & HFN_SIGNED ? 0x80808080u : 0;
    for (uint32_t c = 0; c < node->inputs; c++, plane.x += node->height * node->width) {
        for (uint32_t phase = 0; phase < planes->phases; phase++) {
            uint32_t *const channel = start + c * kernel * column + phase * planes->size / 4;
            plane.row = first * stride + phase - padding;
            for (uint32_t b = padding; b < kernel; b++) {
                plane.to = channel + b * column;
                plane.column = b - padding;
                if (b < padding + stride) {
                    read_plane(node, &plane);
                } else {
                    hfn_run_down(plane.to, plane.to + planes->size / 4, plane.to - back);
                    mend(node, &plane, node->columns - 1u);
                }
            }
            for (uint32_t b = padding; b-- > 0;) {
                plane.to = channel + b * column;
                plane.column = b - padding;
                if (b + stride < kernel) {
                    hfn_run_up(plane.to, plane.to + planes->size / 4, plane.to + back);
                    mend(node, &plane, 0);
                } else {
                    read_plane(node, &plane);
                }
            }
        }
    }
}
