/* From offsets to pointers. */
#ifndef HFN_ARENA_H
#define HFN_ARENA_H

#include "edgehfn.h"

/* Words of the arena are its declared type; halfwords in it need leave to alias. */
typedef uint16_t __attribute__((__may_alias__)) hfn_half;

/* For what runs once a channel or more rarely: compilers then choose the smaller code. */
#define HFN_COLD __attribute__((__cold__))

static inline void *hfn_in_arena(uint32_t *arena, uint32_t offset) {
    return (uint8_t *)arena + offset;
}

static inline const void *hfn_in_model(const void *model, uint32_t offset) {
    return (const uint8_t *)model + offset;
}

#endif
