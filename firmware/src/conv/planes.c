#include "conv.h"
#include "rows.h"
#include "runs.h"

#if !HFN_SMALL

/* Planes whose column 0 is one of the map's columns 0..stride-1 are read from the map. The others are those a stride of
 * tap columns away, moved by one column: all planes of a tap column as one run of words, where rows end with the next
 * row's beginning or start with the last one's end, and then the one column that is wrong. Columns from node->columns
 * on and the HFN_SLACK bytes behind the planes hold inputs too, or zeros, as good as any: the sums of pixels that are
 * dropped then stay in the lanes of those that are kept.
 *
 * A band's first rows are the last ones of the band before: planes that are read move up by the band as one run. */

struct hfn_planes_plane {
    uint32_t *to;
    const uint8_t *x;              /* the input channel's first row in the plane, if there is one */
    uint32_t above, inside, below; /* rows before the map, of it and behind it */
    uint32_t column;               /* of the map, of the plane's first; may be negative modulo 2^32 */
    uint32_t pitch;
    uint32_t zero; /* four zeros as stored: 0, or 0x80808080 where x + 128 is; x + zero is x ^ zero in each byte */
};

HFN_COLD static void hfn_planes_blank(uint32_t *to, const uint32_t *end, uint32_t zero) {
    while (to < end) {
        *to++ = zero;
    }
}

HFN_COLD static void hfn_planes_read_bytes(const struct hfn_conv *node, const struct hfn_planes_plane *plane,
                                           uint8_t *to, const uint8_t *row, uint32_t first) {
    for (uint32_t j = first, column = plane->column + first * node->stride; j < plane->pitch;
         j++, column += node->stride) {
        to[j] = (uint8_t)((column < node->width ? row[column] : 0u) ^ plane->zero);
    }
}

/* Consecutive bytes of each row, as words. Reads only words of the map that hold at least one of them. */
HFN_COLD static void hfn_planes_copy_rows(const struct hfn_planes_plane *plane, uint32_t *to, const uint32_t *end,
                                          const uint8_t *from, uint32_t words, uint32_t step) {
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
HFN_COLD static void hfn_planes_read_rows(const struct hfn_conv *node, const struct hfn_planes_plane *plane,
                                          uint32_t *to, const uint32_t *end) {
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
        hfn_planes_copy_rows(plane, to, end, from, inside / 4, step);
        done = inside & ~3u;
    } else if (node->stride == 2 && plane->column < 2 && node->width % 4 == 0 && 2u * node->columns <= node->width &&
               node->columns >= 4) {
        done = inside & ~3u;
        const struct hfn_halves halves = {plane->pitch, step, done, plane->column, plane->zero};
        hfn_run_halve(to, end, all, &halves);
    }
    if (done < plane->pitch) {
        for (; to < end; to += pitch, from += step) {
            hfn_planes_read_bytes(node, plane, (uint8_t *)to, from, done);
        }
    }
}

HFN_COLD static void hfn_planes_read_plane(const struct hfn_conv *node, const struct hfn_planes_plane *plane) {
    const uint32_t pitch = plane->pitch / 4;
    uint32_t *const map = plane->to + plane->above * pitch, *const behind = map + plane->inside * pitch;
    hfn_planes_blank(plane->to, map, plane->zero);
    if (plane->inside) {
        hfn_planes_read_rows(node, plane, map, behind);
    }
    hfn_planes_blank(behind, behind + plane->below * pitch, plane->zero);
}

/* Sets a column that lies in the map and that moving left wrong. */
HFN_COLD static void hfn_planes_mend(const struct hfn_conv *node, const struct hfn_planes_plane *plane, uint32_t j) {
    const uint32_t step = node->stride * node->width;
    uint8_t *to = (uint8_t *)(plane->to + plane->above * (plane->pitch / 4)) + j;
    const uint8_t *x = plane->x + plane->column + j * node->stride;
    for (uint32_t rows = plane->inside; rows; rows--, to += plane->pitch, x += step) {
        *to = (uint8_t)(*x ^ plane->zero);
    }
}

/* Divides a plane's rows, whose first is the map's row; that may be negative modulo 2^32. */
HFN_COLD static void hfn_planes_divide(const struct hfn_conv *node, const struct hfn_planes *planes,
                                       struct hfn_planes_plane *plane, uint32_t row, uint32_t rows, uint32_t *arena) {
    plane->above = plane->below = 0;
    for (; rows && row >= planes->height; row += node->stride, rows--) {
        plane->above++;
    }
    for (; rows && row + (rows - 1) * node->stride >= planes->height; rows--) {
        plane->below++;
    }
    plane->inside = rows;
    plane->x = hfn_in_arena(arena, rows ? planes->span.x + row * node->width : 0);
}

/* The planes of tap column b. */
HFN_COLD static void hfn_planes_fill_column(const struct hfn_conv *node, const struct hfn_planes *planes,
                                            uint32_t *arena, uint32_t first, uint32_t b) {
    const struct hfn_span *const span = &planes->span;
    const uint32_t left = span->end - first, band = left < node->band ? left : node->band;
    const uint32_t size = planes->size / 4, count = node->inputs * planes->phases, words = count * size;
    const uint32_t padding = node->padding, stride = node->stride;
    uint32_t *const to = (uint32_t *)hfn_in_arena(arena, node->planes) + b * words, *const end = to + words;
    struct hfn_planes_plane plane;
    plane.column = b - padding;
    plane.pitch = planes->pitch;
    plane.zero = node->flags & HFN_SIGNED ? 0x80808080u : 0;
    uint32_t j = 0, known = 0; /* rows that the band before leaves */
    int moved = 1;
    if (b >= padding + stride) {
        j = node->columns - 1u;
        hfn_run_down(to, end, to - stride * words);
        ((uint8_t *)end)[-1] = (uint8_t)plane.zero; /* it came from behind the planes */
    } else if (b < padding && b + stride < node->kernel) {
        hfn_run_up(to, end, to + stride * words);
    } else {
        const uint32_t past = node->band * planes->pitch / 4;
        moved = 0;
        if (first != span->first && planes->reach) {
            known = planes->reach;
            hfn_run_copy(to, end - past, to + past, 0);
        }
    }
    if (moved) {
        hfn_column_fill((uint8_t *)to + j, count * (node->band + planes->reach), plane.pitch, plane.zero);
        if (plane.column + j * stride >= node->width) {
            return;
        }
    }
    for (uint32_t phase = 0; phase < planes->phases; phase++) {
        plane.to = to + phase * size + known * (planes->pitch / 4);
        hfn_planes_divide(node, planes, &plane, (first + known) * stride + phase - padding,
                          band + planes->reach - known, arena);
        for (uint32_t c = node->inputs; c; c--, plane.x += span->x_map, plane.to += planes->phases * size) {
            if (moved) {
                hfn_planes_mend(node, &plane, j);
            } else {
                hfn_planes_read_plane(node, &plane);
            }
        }
    }
}

#if HFN_FEW_ROWS

enum { HFN_FEW = 4 }; /* rows of a band */

/* Whether the band has so few rows that making planes as runs does not pay, and a shape that hfn_rows_read knows. */
static int hfn_planes_by_rows(const struct hfn_conv *node) {
    return node->band <= HFN_FEW && node->kernel == 3 && node->padding == 1 && node->stride <= 2 &&
           node->columns % 4 == 0 && node->width == node->stride * node->columns;
}

/* All planes, row by row. */
HFN_COLD static void hfn_planes_fill_rows(const struct hfn_conv *node, const struct hfn_planes *planes, uint32_t *arena,
                                          uint32_t first) {
    const struct hfn_span *const span = &planes->span;
    const uint32_t left = span->end - first, band = left < node->band ? left : node->band;
    const uint32_t size = planes->size / 4, channel = planes->phases * size, column = node->inputs * channel;
    const uint32_t past = node->band * planes->pitch / 4, known = first != span->first ? planes->reach : 0;
    uint32_t *const start = hfn_in_arena(arena, node->planes);
    struct hfn_rows rows = {node->inputs,
                            span->x_map,
                            planes->pitch / 4,
                            channel,
                            column,
                            node->stride,
                            node->flags & HFN_SIGNED ? 0x80808080u : 0};
    if (known) {
        hfn_run_copy(start, start + 3 * column - past, start + past, 0);
    }
    for (uint32_t phase = 0; phase < planes->phases; phase++) {
        uint32_t *to = start + phase * size + known * rows.words;
        uint32_t i = (first + known) * node->stride + phase - node->padding; /* of the map; may be -1 modulo 2^32 */
        for (uint32_t r = known; r < band + planes->reach; r++, to += rows.words, i += node->stride) {
            if (i < planes->height) {
                hfn_rows_read(to, hfn_in_arena(arena, span->x + i * node->width), &rows);
            } else {
                hfn_rows_clear(to, &rows);
            }
        }
    }
}

#endif

HFN_COLD void hfn_planes_fill(const struct hfn_conv *node, const struct hfn_planes *planes, uint32_t *arena,
                              uint32_t first) {
    uint32_t *const slack = (uint32_t *)hfn_in_arena(arena, node->planes) +
                            node->inputs * node->kernel * planes->phases * (planes->size / 4);
    hfn_planes_blank(slack, slack + HFN_SLACK / 4, node->flags & HFN_SIGNED ? 0x80808080u : 0);
#if HFN_FEW_ROWS
    if (hfn_planes_by_rows(node)) {
        hfn_planes_fill_rows(node, planes, arena, first);
        return;
    }
#endif
    for (uint32_t b = node->padding; b < node->kernel; b++) {
        hfn_planes_fill_column(node, planes, arena, first, b);
    }
    for (uint32_t b = node->padding; b-- > 0;) {
        hfn_planes_fill_column(node, planes, arena, first, b);
    }
}

#endif
