/* SPEC section 1: signs, frozen draws and test inputs from a key. Assembly reads the numbers, hence no suffixes. */
#ifndef HFN_GENERATOR_H
#define HFN_GENERATOR_H

#define HFN_GOLDEN 0x9E3779B9
#define HFN_HASH_FIRST 0x21F0AAAD
#define HFN_HASH_SECOND 0x735A2D97

/* Streams of a tensor. */
#define HFN_SIGN_STREAM 0
#define HFN_FROZEN_STREAM 1 /* the first of HFN_DRAWS, one for each bit of a draw (SPEC section 2.1) */
#define HFN_DRAWS 8

#ifndef __ASSEMBLER__

#include <stdint.h>

/* The word of a stream whose key + (index + 1)·HFN_GOLDEN is x; all arithmetic modulo 2^32. */
static inline uint32_t hfn_hash(uint32_t x) {
    x ^= x >> 16;
    x *= HFN_HASH_FIRST;
    x ^= x >> 15;
    x *= HFN_HASH_SECOND;
    return x ^ x >> 15;
}

/* Word index of the stream with this key. */
static inline uint32_t hfn_word(uint32_t key, uint32_t index) {
    return hfn_hash(key + (index + 1) * HFN_GOLDEN);
}

#endif

#endif
