#include "runs.h"

#include "isa.h"

#if HFN_ISA == HFN_ISA_C

void hfn_run_copy(uint32_t *to, const uint32_t *end, const uint32_t *from, uint32_t flip) {
    for (; to + 3 < end; to += 4, from += 4) {
        uint32_t a = from[0], b = from[1], c = from[2], d = from[3];
        to[0] = a ^ flip;
        to[1] = b ^ flip;
        to[2] = c ^ flip;
        to[3] = d ^ flip;
    }
    while (to < end) {
        *to++ = *from++ ^ flip;
    }
}

void hfn_run_down(uint32_t *to, const uint32_t *end, const uint32_t *from) {
    uint32_t low = *from++;
    for (; to + 3 < end; to += 4, from += 4) {
        uint32_t a = from[0], b = from[1], c = from[2], d = from[3];
        to[0] = low >> 8 | a << 24;
        to[1] = a >> 8 | b << 24;
        to[2] = b >> 8 | c << 24;
        to[3] = c >> 8 | d << 24;
        low = d;
    }
    for (; to < end; low = *from++) {
        *to++ = low >> 8 | *from << 24;
    }
}

void hfn_run_up(uint32_t *to, const uint32_t *end, const uint32_t *from) {
    uint32_t low = 0;
    for (; to + 3 < end; to += 4, from += 4) {
        uint32_t a = from[0], b = from[1], c = from[2], d = from[3];
        to[0] = low >> 24 | a << 8;
        to[1] = a >> 24 | b << 8;
        to[2] = b >> 24 | c << 8;
        to[3] = c >> 24 | d << 8;
        low = d;
    }
    for (; to < end; low = *from++) {
        *to++ = low >> 24 | *from << 8;
    }
}

#endif
