#include "conv.h"
#include "rows.h"
#include "runs.h"

#if !HFN_SMALL

/* Planes whose column 0 is one of the map's columns 0..stride-1 are read from the map. The others are a plane stride
 * tap columns away, moved by one column: all of a plane as one run of words, where rows end with the next row's
 * beginning or start with the last one's end, and then the one column that is wrong. Columns from node->columns on and
 * the 16 bytes behind the planes hold inputs too, or zeros, as good as any: the sums of pixels that are dropped then
 * stay in the lanes of those that are kept.
 *
 * A band's first rows are the last ones of the band before: they are moved, not made again. */

enum { FEW = 4 }; /* rows of a band */

struct plane {
    uint32_t *to;
    const uint8_t *x;              /* the input channel's first row in the plane */
    uint32_t above, inside, below; /* rows before the map, of it and behind it */
    uint32_t column;               /* of the map, of the plane's first; may be negative modulo 2^32 */
    uint32_t pitch;
    uint32_t zero; /* four zeros as stored: 0, or 0x80808080 where x + 128 is; x + zero is x ^ zero in each byte */
};

static void fill(uint32_t *to, const uint32_t *end, uint32_t zero) {
    while (to < end) {
        *to++ = zero;
    }
}

static void read_bytes(const struct hfn_conv *node, const struct plane *plane, uint8_t *to, const uint8_t *row,
                       uint32_t first) {
    for (uint32_t j = first, column = plane->column + first * node->stride; j < plane->pitch;
         j++, column += node->stride) {
        to[j] = (uint8_t)((column < node->width ? row[column] : 0u) ^ plane->zero);
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
static void read_rows(const struct hfn_conv *node, const struct plane *plane, uint32_t *to, const uint32_t *end) {
    const uint32_t step = node->stride * node->width, pitch = plane->pitch / 4;
    const uint32_t inside = node->columns < node->width ? node->columns : node->width;
    const uint8_t *from = plane->x;
    const void *all = from;
    uint32_t done = 0;
    if (node->stride == 1 && plane->column == 0) {
        if (node->width == plane->pitch) {
            hfn_run_copy(to, end, all, plane->zero);
            return;
        }
        copy_rows(plane, to, end, from, inside / 4, step);
        done = inside & ~3u;
    } else if (node->stride == 2 && plane->column < 2 && node->width % 4 == 0 && 2u * node->columns <= node->width &&
               node->columns >= 4) {
        done = inside & ~3u;
        const struct hfn_halves halves = {plane->pitch, step, done, plane->column, plane->zero};
        hfn_run_halve(to, end, all, &halves);
    }
    if (done < plane->pitch) {
        for (; to < end; to += pitch, from += step) {
            read_bytes(node, plane, (uint8_t *)to, from, done);
        }
    }
}

static void read_plane(const struct hfn_conv *node, const struct plane *plane) {
    const uint32_t pitch = plane->pitch / 4;
    uint32_t *const map = plane->to + plane->above * pitch, *const behind = map + plane->inside * pitch;
    fill(plane->to, map, plane->zero);
    if (plane->inside) {
        read_rows(node, plane, map, behind);
    }
    fill(behind, behind + plane->below * pitch, plane->zero);
}

/* Sets a column that moving left wrong. */
static void mend(const struct hfn_conv *node, const struct plane *plane, uint32_t j) {
    const uint32_t column = plane->column + j * node->stride, step = node->stride * node->width;
    const uint32_t pitch = plane->pitch, zero = plane->zero;
    uint8_t *to = (uint8_t *)plane->to + j;
    if (column >= node->width) {
        hfn_column_fill(to, plane->above + plane->inside + plane->below, pitch, zero);
        return;
    }
    hfn_column_fill(to, plane->above, pitch, zero);
    to += plane->above * pitch;
    const uint8_t *x = plane->x + column;
    for (uint32_t rows = plane->inside; rows; rows--, to += pitch, x += step) {
        *to = (uint8_t)(*x ^ zero);
    }
    hfn_column_fill(to, plane->below, pitch, zero);
}

/* The planes of an input channel and a row phase: those from the map's first columns on, then those before it. */
static void fill_channel(const struct hfn_conv *node, struct plane *plane, uint32_t *to, uint32_t column,
                         uint32_t size) {
    const uint32_t kernel = node->kernel, stride = node->stride, padding = node->padding, back = stride * column;
    for (uint32_t b = padding; b < kernel; b++) {
        plane->to = to + b * column;
        plane->column = b - padding;
        if (b < padding + stride) {
            read_plane(node, plane);
        } else {
            hfn_run_down(plane->to, plane->to + size, plane->to - back);
            ((uint8_t *)(plane->to + size))[-1] = (uint8_t)plane->zero; /* it came from behind a plane */
            mend(node, plane, node->columns - 1u);
        }
    }
    for (uint32_t b = padding; b-- > 0;) {
        plane->to = to + b * column;
        plane->column = b - padding;
        if (b + stride < kernel) {
            hfn_run_up(plane->to, plane->to + size, plane->to + back);
            mend(node, plane, 0);
        } else {
            read_plane(node, plane);
        }
    }
}

/* Divides a plane's rows, whose first is the map's row; that may be negative modulo 2^32. */
static void divide(const struct hfn_conv *node, struct plane *plane, uint32_t row, uint32_t rows) {
    plane->above = plane->below = 0;
    for (; rows && row >= node->height; row += node->stride, rows--) {
        plane->above++;
    }
    for (; rows && row + (rows - 1) * node->stride >= node->height; rows--) {
        plane->below++;
    }
    plane->inside = rows;
    plane->x += rows ? row * node->width : 0;
}

/* Whether the band has so few rows that making planes as runs does not pay, and a shape that hfn_rows_read knows. */
static int by_rows(const struct hfn_conv *node) {
    return node->band <= FEW && node->kernel == 3 && node->padding == 1 && node->stride <= 2 &&
           node->columns % 4 == 0 && node->width == node->stride * node->columns;
}

/* The rows of a phase of the planes, of all channels. */
static void fill_rows(const struct hfn_conv *node, const struct plane *plane, uint32_t *to, uint32_t column) {
    const struct hfn_rows rows = {node->inputs, node->height * node->width, plane->pitch / 4, column, node->stride,
                                  plane->zero};
    const uint8_t *x = plane->x;
    for (uint32_t r = 0; r < plane->above + plane->inside + plane->below; r++, to += rows.words) {
        if (r - plane->above < plane->inside) {
            hfn_rows_read(to, x, &rows);
            x += node->stride * node->width;
        } else {
            hfn_rows_clear(to, &rows);
        }
    }
}

void hfn_planes_fill(const struct hfn_conv *node, const struct hfn_planes *planes, uint32_t *arena, uint32_t first) {
    const uint32_t left = node->rows - first, band = left < node->band ? left : node->band;
    const uint32_t size = planes->size / 4, column = planes->phases * size;
    const uint32_t known = first ? planes->reach : 0, skip = known * planes->pitch / 4;
    uint32_t *const start = hfn_in_arena(arena, node->planes);
    uint32_t *const slack = start + node->inputs * node->kernel * column;
    struct plane plane;
    plane.pitch = planes->pitch;
    plane.zero = node->flags & HFN_SIGNED ? 0x80808080u : 0;
    fill(slack, slack + 4, plane.zero);
    if (known) { /* the last rows of the band before come to the planes' starts, all of them moved as one run */
        const uint32_t past = node->band * planes->pitch / 4;
        hfn_run_copy(start, slack - past, start + past, 0);
    }
    for (uint32_t phase = 0; phase < planes->phases; phase++) {
        uint32_t *to = start + phase * size + skip;
        plane.x = hfn_in_arena(arena, node->x);
        divide(node, &plane, (first + known) * node->stride + phase - node->padding, band + planes->reach - known);
        if (by_rows(node)) {
            fill_rows(node, &plane, to, column);
            continue;
        }
        for (uint32_t c = node->inputs; c; c--, plane.x += node->height * node->width, to += node->kernel * column) {
            fill_channel(node, &plane, to, column, size - skip);
        }
    }
}

#endif
