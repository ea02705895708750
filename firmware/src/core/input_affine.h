/* SPEC section 5, Input with maps. */
#ifndef HFN_INPUT_AFFINE_H
#define HFN_INPUT_AFFINE_H

#include "feed.h"
#include "requantise.h"

enum { HFN_MAP = 2 }; /* words of a map: its offset, and its multiplier below its shift */

/* Writes count elements at y, of raw samples that lie step bytes apart: wide ones of 16 bits, else bytes, which are
 * signed if flip is 128. y may lie on x where the samples keep their order: it never overtakes them. */
static inline void hfn_map(const uint8_t *x, uint32_t step, uint8_t *y, uint32_t count, const uint32_t *map,
                           uint32_t flip, int is_wide) {
    const int32_t offset = (int32_t)map[0], multiplier = (int16_t)map[1], bias = (int32_t)flip;
    const uint32_t shift = map[1] >> 16;
    for (const uint8_t *end = y + count; y != end; x += step) {
        const int32_t value = is_wide ? (int16_t)*(const hfn_half *)(const void *)x : (int32_t)(*x ^ flip) - bias;
        *y++ = (uint8_t)hfn_clamp((multiplier * value + offset) >> shift, -127);
    }
}

static inline void hfn_map_all(const void *model, const struct hfn_input_affine *node, uint32_t *arena, int is_wide) {
    const uint32_t *map = hfn_in_model(model, node->maps);
    const struct hfn_input *in = &node->input;
    uint32_t from = in->raw, to = in->y;
    for (uint32_t c = in->channels; c; c--, from += in->skip, to += in->pixels, map += HFN_MAP) {
        hfn_map(hfn_in_arena(arena, from), in->step, hfn_in_arena(arena, to), in->pixels, map, node->flip, is_wide);
    }
}

static inline void hfn_map_rows(const void *model, const struct hfn_input_affine *node, const struct hfn_ticks *ticks,
                                uint32_t tick, uint32_t *arena, int is_wide) {
    const uint32_t *map = hfn_in_model(model, node->maps);
    const struct hfn_input *in = &node->input;
    const struct hfn_span span = hfn_span(ticks, tick);
    const uint32_t first = span.first * ticks->columns, count = span.end * ticks->columns - first;
    uint32_t from = span.x + first * in->step, to = span.y + first;
    for (uint32_t c = count ? in->channels : 0; c; c--, from += span.x_map, to += span.y_map, map += HFN_MAP) {
        hfn_map(hfn_in_arena(arena, from), in->step, hfn_in_arena(arena, to), count, map, node->flip, is_wide);
    }
}

static inline uint32_t hfn_map_row(const void *model, const struct hfn_feed_affine *node, const struct hfn_ticks *ticks,
                                   const uint8_t *x, uint32_t *arena, int is_wide) {
    const uint32_t *map = hfn_in_model(model, node->maps);
    uint32_t *state = hfn_in_arena(arena, node->feed.state);
    const uint32_t tick = *state >> 16;
    const struct hfn_span span = hfn_span(ticks, tick);
    const uint32_t next = hfn_next_row(&span, *state);
    uint32_t to = span.y + (next - 1) * ticks->columns;
    for (uint32_t c = ticks->channels; c; c--, x += node->feed.skip, to += span.y_map, map += HFN_MAP) {
        hfn_map(x, node->feed.step, hfn_in_arena(arena, to), ticks->columns, map, node->flip, is_wide);
    }
    return hfn_fed(&node->feed, ticks, state, tick, next, span.end);
}

#endif
