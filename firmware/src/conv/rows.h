/* Planes row by row, for bands of a few rows: most nets' 3x3 kernels. */
#ifndef HFN_ROWS_H
#define HFN_ROWS_H

#include <stdint.h>

struct hfn_rows {
    uint32_t channels;
    uint32_t map;     /* bytes from a channel's map to the next */
    uint32_t words;   /* of a plane's row */
    uint32_t channel; /* words from a channel's plane to the next */
    uint32_t column;  /* words from a tap column's plane to the next */
    uint32_t stride;  /* 1 or 2 */
    uint32_t zero;    /* four zeros as stored */
};

/* A row of every channel of the input as a row of its planes of tap columns 0, 1 and 2: its bytes j·stride - 1,
 * j·stride, j·stride + 1, or zero outside it, ^ zero. It has 4·words·stride bytes and is aligned to 4. */
void hfn_rows_read(uint32_t *to, const uint8_t *x, const struct hfn_rows *rows);

/* All zero instead. */
void hfn_rows_clear(uint32_t *to, const struct hfn_rows *rows);

#endif
