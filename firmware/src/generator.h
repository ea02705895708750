/* SPEC section 1: signs, frozen draws and test inputs from a key. */
#ifndef HFN_GENERATOR_H
#define HFN_GENERATOR_H

#include <stdint.h>

/* Word index of the stream with this key; all arithmetic modulo 2^32. */
static inline uint32_t hfn_word(uint32_t key, uint32_t index) {
    uint32_t x = key + (index + 1) * 0x9E3779B9u;
    x ^= x >> 16;
    x *= 0x21F0AAADu;
    x ^= x >> 15;
    x *= 0x735A2D97u;
    return x ^ x >> 15;
}

#endif
