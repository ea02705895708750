#include "runs.h"

#include "isa.h"

#if HFN_ISA == HFN_ISA_C

void hfn_run_copy(uint32_t *to, const uint32_t *end, const uint32_t *from, uint32_t flip) {
    while (to < end) {
        *to++ = *from++ ^ flip;
    }
}

void hfn_run_down(uint32_t *to, const uint32_t *end, const uint32_t *from) {
    for (uint32_t low = *from++, high; to < end; low = high) {
        high = *from++;
        *to++ = low >> 8 | high << 24;
    }
}

void hfn_run_up(uint32_t *to, const uint32_t *end, const uint32_t *from) {
    for (uint32_t low = 0, high; to < end; low = high) {
        high = *from++;
        *to++ = low >> 24 | high << 8;
    }
}

#endif
