/* From offsets to pointers. */
#ifndef HFN_ARENA_H
#define HFN_ARENA_H

#include "guards.h"

/* Words of the arena are its declared type; halfwords in it need leave to alias. */
typedef uint16_t __attribute__((__may_alias__)) hfn_half;

/* For what runs once a channel or more rarely: compilers then choose the smaller code. */
#define HFN_COLD __attribute__((__cold__))

/* Hides a number from the compiler, which then can neither make other code for some of its values nor work out how
 * often a loop runs. */
#define HFN_HIDE(number) __asm__("" : "+r"(number))

/* Ones if a number is below 0, else 0. Hidden from Clang, which otherwise makes comparisons of what is computed with
 * it, and on Armv6-M branches of these: their time would depend on the data. */
static inline int32_t hfn_sign(int32_t number) {
#if defined(__clang__)
    HFN_HIDE(number);
    number >>= 31;
    HFN_HIDE(number);
    return number;
#else
    return number >> 31;
#endif
}

static inline void *hfn_in_arena(uint32_t *arena, uint32_t offset) {
    return (uint8_t *)arena + offset;
}

static inline const void *hfn_in_model(const void *model, uint32_t offset) {
    return (const uint8_t *)model + offset;
}

#endif
