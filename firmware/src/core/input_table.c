#include "feed.h"
#include "input.h"
#include "span.h"

/* Bytes of the table from a channel to the next: one for each raw byte. */
enum { HFN_INPUT_TABLE = 256 };

/* SPEC section 5, Input with a table. y may lie on raw where the bytes keep their places. */
HFN_COLD void hfn_input_table(const void *model, const struct hfn_input_table *node, uint32_t *arena) {
    const uint8_t *table = hfn_in_model(model, node->table);
    const struct hfn_input *in = &node->input;
    uint32_t from = in->raw, to = in->y;
    for (uint32_t c = in->channels; c; c--, from += in->skip, to += in->pixels, table += HFN_INPUT_TABLE) {
        hfn_look_up(hfn_in_arena(arena, from), in->step, hfn_in_arena(arena, to), in->pixels, table);
    }
}

HFN_COLD void hfn_input_table_rows(const void *model, const struct hfn_input_table *node, const struct hfn_ticks *ticks,
                                   uint32_t tick, uint32_t *arena) {
    const uint8_t *table = hfn_in_model(model, node->table);
    const struct hfn_input *in = &node->input;
    const struct hfn_span span = hfn_span(ticks, tick);
    const uint32_t first = span.first * ticks->columns, count = span.end * ticks->columns - first;
    uint32_t from = span.x + first * in->step, to = span.y + first;
    for (uint32_t c = count ? in->channels : 0; c;
         c--, from += span.x_map, to += span.y_map, table += HFN_INPUT_TABLE) {
        hfn_look_up(hfn_in_arena(arena, from), in->step, hfn_in_arena(arena, to), count, table);
    }
}

HFN_COLD uint32_t hfn_feed_table(const void *model, const struct hfn_feed_table *node, const struct hfn_ticks *ticks,
                                 const void *row, uint32_t *arena) {
    const uint8_t *table = hfn_in_model(model, node->table), *x = row;
    uint32_t *state = hfn_in_arena(arena, node->feed.state);
    const uint32_t tick = *state >> 16;
    const struct hfn_span span = hfn_span(ticks, tick);
    const uint32_t next = hfn_next_row(&span, *state);
    uint32_t to = span.y + (next - 1) * ticks->columns;
    for (uint32_t c = ticks->channels; c; c--, x += node->feed.skip, to += span.y_map, table += HFN_INPUT_TABLE) {
        hfn_look_up(x, node->feed.step, hfn_in_arena(arena, to), ticks->columns, table);
    }
    return hfn_fed(&node->feed, ticks, state, tick, next, span.end);
}
