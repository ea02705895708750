#include "feed.h"
#include "input.h"
#include "span.h"

/* The window has slid since the tick before, so that the places of this tick's rows are free. */
static inline uint32_t hfn_feed_row(const struct hfn_feed *node, const struct hfn_ticks *ticks, const void *row,
                                    uint32_t *arena, int is_signed) {
    uint32_t *state = hfn_in_arena(arena, node->state);
    const uint32_t tick = *state >> 16, columns = ticks->columns;
    const struct hfn_span span = hfn_span(ticks, tick);
    const uint32_t next = hfn_next_row(&span, *state);
    const uint8_t *x = row;
    uint32_t to = span.y + (next - 1) * columns;
    for (uint32_t c = ticks->channels; c; c--, x += node->skip, to += span.y_map) {
        hfn_pixels(x, node->step, hfn_in_arena(arena, to), columns, is_signed);
    }
    return hfn_fed(node, ticks, state, tick, next, span.end);
}

HFN_COLD uint32_t hfn_feed_u8(const struct hfn_feed *node, const struct hfn_ticks *ticks, const void *row,
                              uint32_t *arena) {
    return hfn_feed_row(node, ticks, row, arena, 0);
}

HFN_COLD uint32_t hfn_feed_s8(const struct hfn_feed *node, const struct hfn_ticks *ticks, const void *row,
                              uint32_t *arena) {
    return hfn_feed_row(node, ticks, row, arena, 1);
}
