#include "fill.h"

void hfn_fill(uint32_t *to, const uint32_t *end, uint32_t value) {
    while (to != end) {
        *to++ = value;
    }
}
