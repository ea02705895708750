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

#if HFN_ISA == HFN_ISA_C || HFN_ISA == HFN_ISA_RV32

void hfn_run_halve(uint32_t *to, const uint32_t *end, const uint32_t *from, const struct hfn_halves *halves) {
    const uint32_t words = halves->bytes / 4, odd = 8 * halves->odd, flip = halves->flip;
    for (; to < end; to += halves->pitch / 4, from += halves->step / 4) {
        for (uint32_t i = 0; i < words; i++) {
            uint32_t low = from[2 * i] >> odd & 0x00FF00FFu, high = from[2 * i + 1] >> odd & 0x00FF00FFu;
            low |= low >> 8;
            high |= high >> 8;
            to[i] = ((low & 0xFFFFu) | high << 16) ^ flip;
        }
    }
}

#endif

#if HFN_ISA != HFN_ISA_MVE

void hfn_column_fill(uint8_t *to, uint32_t rows, uint32_t pitch, uint32_t value) {
    for (; rows; rows--, to += pitch) {
        *to = (uint8_t)value;
    }
}

#endif
