/* Walking the set bits of a word: for (; word; word &= word - 1) use(hfn_lowest(word)); */
#ifndef HFN_BITS_H
#define HFN_BITS_H

#include <stdint.h>

/* Index of the lowest set bit of a word that is not 0. */
static inline uint32_t hfn_lowest(uint32_t word) {
#if (defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB == 1) || (defined(__riscv_mul) && !defined(__riscv_zbb))
    /* no CLZ or CTZ, but a product: the upper five bits of a de Bruijn sequence's name the bit */
    static const uint8_t index[32] = {0,  1,  28, 2,  29, 14, 24, 3, 30, 22, 20, 15, 25, 17, 4,  8,
                                      31, 27, 13, 23, 21, 19, 16, 7, 26, 12, 18, 6,  11, 5,  10, 9};
    return index[(word & (0u - word)) * 0x077CB531u >> 27];
#else
    return (uint32_t)__builtin_ctz(word);
#endif
}

#endif
