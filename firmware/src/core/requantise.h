/* SPEC section 4, the one rounding of every conv and linear output:
 *
 *     t = m·acc + b·2^u + r·x·2^v + (2^s >> 1)        y = min(max(t >> s, lo), 127)
 *
 * By R1 no partial sum of t, in any order, leaves a signed 32-bit register. */
#ifndef HFN_REQUANTISE_H
#define HFN_REQUANTISE_H

#include "arena.h"

/* What a channel needs of it. */
struct hfn_scale {
    int32_t multiplier; /* m: -127..127 */
    int32_t offset;     /* b·2^u + (2^s >> 1) */
    int32_t residual;   /* r·2^v: below 2^31 / 127 */
    uint32_t shift;     /* s: 0..31 */
    int32_t lo;         /* 0 or -127 */
};

/* m and b·2^u + (2^s >> 1) of a channel. Shifts are of unsigned words, as that of a negative bias would be undefined;
 * by R1 the results are below 2^31 in magnitude. */
static inline int32_t hfn_multiplier(const void *model, const struct hfn_requantise *q, uint32_t channel) {
    return ((const int8_t *)hfn_in_model(model, q->multiplier))[channel];
}

static inline int32_t hfn_offset(const void *model, const struct hfn_requantise *q, uint32_t channel) {
    const void *biases = hfn_in_model(model, q->bias);
    int32_t bias = q->bias_bytes == 1 ? ((const int8_t *)biases)[channel] : ((const int16_t *)biases)[channel];
    return (int32_t)(((uint32_t)bias << q->bias_shift) + (1u << q->shift >> 1));
}

struct hfn_scale hfn_scale(const void *model, const struct hfn_requantise *q, uint32_t channel);

/* The output of one accumulator, without a residual. */
int8_t hfn_requantise(const void *model, const struct hfn_requantise *q, uint32_t channel, int32_t sum);

/* min(max(t, lo), 127) for any t and lo = 0 or -127. In arithmetic: a compiler may make branches of comparisons, and
 * their time would depend on the data. */
static inline int32_t hfn_clamp(int32_t t, int32_t lo) {
    int32_t over = hfn_sign(63 - (t >> 1)); /* ones if t > 127 */
    t = (t & ~over) | (int32_t)((uint32_t)over >> 25);
    int32_t above = t - lo; /* t <= 127: no overflow */
    return lo + (above & ~hfn_sign(above));
}

/* The same, where SSAT does most of it. */
static inline int32_t hfn_clamp_narrow(int32_t t, int32_t lo) {
#if defined(__thumb2__)
    __asm__("ssat %0, #8, %0" : "+r"(t)); /* to -128..127 */
    const int32_t above = t - lo;
    return lo + (above & ~(above >> 31));
#else
    return hfn_clamp(t, lo);
#endif
}

/* The same for lo = 0 by comparisons, where they become USAT, MAX and MIN or conditional moves: everywhere but on
 * Armv6-M and on RISC-V without Zbb, where they become branches. */
static inline int32_t hfn_clamp_relu(int32_t t) {
    return t < 0 ? 0 : t > 127 ? 127 : t;
}

#if (defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB == 1) || (defined(__riscv) && !defined(__riscv_zbb))
#define HFN_CLAMP_RELU 0
#else
#define HFN_CLAMP_RELU 1
#endif

/* The output of an accumulator and the residual at its place; without a residual its factor is 0. */
static inline int8_t hfn_rounded(const struct hfn_scale *scale, int32_t sum, int32_t residual) {
    const int32_t t = scale->multiplier * sum + scale->offset + scale->residual * residual;
    return (int8_t)hfn_clamp(t >> scale->shift, scale->lo);
}

#endif
