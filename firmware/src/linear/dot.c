#include "dot.h"

#include "isa.h"

#if HFN_ISA != HFN_ISA_DSP && HFN_ISA != HFN_ISA_MVE

int32_t hfn_dot(const int8_t *x, const int8_t *weight, uint32_t count) {
    int32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += x[i] * weight[i];
    }
    return sum;
}

#endif
