/* The rows that a call makes. */
#ifndef HFN_SPAN_H
#define HFN_SPAN_H

#include "arena.h"

/* All rows, of operands that lie whole; the residual's place is the caller's to set, where there is one. */
static inline void hfn_whole(struct hfn_span *span, uint32_t rows, uint32_t x, uint32_t x_map, uint32_t y,
                             uint32_t y_map) {
    span->first = 0;
    span->end = rows;
    span->x = x;
    span->x_map = x_map;
    span->y = y;
    span->y_map = y_map;
}

#endif
