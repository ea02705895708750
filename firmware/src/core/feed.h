/* How far the rows of an image that is fed have come. */
#ifndef HFN_FEED_H
#define HFN_FEED_H

#include "span.h"

/* The number, from 1, of the row that comes now. */
static inline uint32_t hfn_next_row(const struct hfn_span *span, uint32_t state) {
    return span->first + (state & 0xFFFFu) + 1;
}

/* Notes that it has come in a tick, whose rows end at end; the tick before which all can run. */
static inline uint32_t hfn_fed(const struct hfn_feed *node, const struct hfn_ticks *ticks, uint32_t *state,
                               uint32_t tick, uint32_t next, uint32_t end) {
    if (next != end) {
        *state += 1;
        return tick;
    }
    if (next != ticks->rows) {
        *state = (tick + 1) << 16;
        return tick + 1;
    }
    return node->ticks;
}

#endif
