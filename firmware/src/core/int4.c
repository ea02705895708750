#include "int4.h"

static inline int8_t hfn_int4_lower(int8_t both) {
    return (int8_t)((int8_t)((uint32_t)(uint8_t)both << 4) >> 4);
}

void hfn_unpack(int8_t *to, const int8_t *values, uint32_t first, uint32_t count) {
    const int8_t *from = values + first / 2, *end = to + count;
    if (first % 2 && to != end) {
        *to++ = (int8_t)(*from++ >> 4);
    }
    for (; end - to >= 2; to += 2) {
        const int8_t both = *from++;
        to[0] = hfn_int4_lower(both);
        to[1] = (int8_t)(both >> 4);
    }
    if (to != end) {
        *to = hfn_int4_lower(*from);
    }
}
