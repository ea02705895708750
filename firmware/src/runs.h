/* Runs of words, from to up to end. */
#ifndef HFN_RUNS_H
#define HFN_RUNS_H

#include <stdint.h>

/* to[i] = from[i] ^ flip */
void hfn_run_copy(uint32_t *to, const uint32_t *end, const uint32_t *from, uint32_t flip);

/* Byte j of to is byte j + 1 of from. Reads a word more than it writes. */
void hfn_run_down(uint32_t *to, const uint32_t *end, const uint32_t *from);

/* Byte j of to is byte j - 1 of from, the first one 0. */
void hfn_run_up(uint32_t *to, const uint32_t *end, const uint32_t *from);

#endif
