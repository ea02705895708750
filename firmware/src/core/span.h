/* The rows that a call makes. */
#ifndef HFN_SPAN_H
#define HFN_SPAN_H

#include "arena.h"

/* All rows, of operands that lie whole. */
static inline struct hfn_span hfn_whole(uint32_t rows, uint32_t x, uint32_t x_map, uint32_t y, uint32_t y_map) {
    struct hfn_span span = {0, rows, x, x_map, y, y_map, y, y_map};
    return span;
}

#endif
