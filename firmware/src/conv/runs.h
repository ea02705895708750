/* What planes are made by: runs of words, from to up to end, and columns. */
#ifndef HFN_RUNS_H
#define HFN_RUNS_H

#include <stdint.h>

/* to[i] = from[i] ^ flip */
void hfn_run_copy(uint32_t *to, const uint32_t *end, const uint32_t *from, uint32_t flip);

/* Byte j of to is byte j + 1 of from. Reads a word more than it writes. */
void hfn_run_down(uint32_t *to, const uint32_t *end, const uint32_t *from);

/* Byte j of to is byte j - 1 of from, the first one anything. */
void hfn_run_up(uint32_t *to, const uint32_t *end, const uint32_t *from);

struct hfn_halves {
    uint32_t pitch, step; /* bytes from one row of to, of from, to the next */
    uint32_t bytes;       /* of a row of to: at least 4 */
    uint32_t odd;         /* 0 or 1 */
    uint32_t flip;
};

/* Byte j of each row of to is byte 2·j + odd of the same row of from, ^ flip. All of halves but odd are multiples of 4.
 */
void hfn_run_halve(uint32_t *to, const uint32_t *end, const uint32_t *from, const struct hfn_halves *halves);

/* Sets a byte of each of so many rows. */
void hfn_column_fill(uint8_t *to, uint32_t rows, uint32_t pitch, uint32_t value);

#endif
