#include "dot.h"

#include "isa.h"

#if HFN_ISA != HFN_ISA_DSP && HFN_ISA != HFN_ISA_MVE

int32_t hfn_dot(const int8_t *x, const int8_t *weight, uint32_t count) {
    int32_t sum = 0;
    for (; count & 3; count--) {
        sum += *x++ * *weight++;
    }
    for (; count; count -= 4, x += 4, weight += 4) {
        sum += x[0] * weight[0];
        sum += x[1] * weight[1];
        sum += x[2] * weight[2];
        sum += x[3] * weight[3];
    }
    return sum;
}

#endif
