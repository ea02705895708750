/* SPEC section 1: signs, frozen draws and test inputs from a key. */
#ifndef HFN_GENERATOR_H
#define HFN_GENERATOR_H

#include <stdint.h>

#define HFN_GOLDEN 0x9E3779B9u

/* The word of a stream whose key + (index + 1)·HFN_GOLDEN is x; all arithmetic modulo 2^32. */
static inline uint32_t hfn_hash(uint32_t x) {
    x ^= x >> 16;
    x *= 0x21F0AAADu;
    x ^= x >> 15;
    x *= 0x735A2D97u;
    return x ^ x >> 15;
}

/* Word index of the stream with this key. */
static inline uint32_t hfn_word(uint32_t key, uint32_t index) {
    return hfn_hash(key + (index + 1) * HFN_GOLDEN);
}

#endif
