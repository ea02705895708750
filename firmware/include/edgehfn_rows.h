/* Row streaming: the nodes of a group run interleaved, some rows of each a tick, so that the maps between them are
 * never whole: of such a map a window of rows is kept, which slides down the map by as many rows as are made a tick.
 * What every byte is does not change. An image that is fed comes row by row, too, and the ticks of the first group run
 * as its rows come.
 *
 * Generated code runs a group as a loop over ticks: for each node in turn hfn_slide for its window, if its output is in
 * one, then the function of its kind that ends in _rows. Included by edgehfn.h. */
#ifndef EDGEHFN_ROWS_H
#define EDGEHFN_ROWS_H

#include <stdint.h>

struct hfn_input;
struct hfn_input_table;
struct hfn_input_affine;
struct hfn_conv;
struct hfn_conv_shared;
struct hfn_rect;
struct hfn_max_pool;
struct hfn_add;

/* Where a tensor lies. 12 bytes. */
struct hfn_operand {
    uint32_t at; /* arena offset of row 0 of channel 0 before the first tick; of a window it may lie before the arena or
                    behind the window: modulo 2^32 */
    uint32_t map;   /* bytes from a channel to the next */
    uint16_t slide; /* bytes that the offset is less after every 2^shift ticks; 0 for a whole map */
    uint16_t shift; /* 0..15 */
};

/* How a node runs in a group: after tick t it has made the rows of y before ((t + 1) >> shift)·step - lag. 48 bytes. */
struct hfn_ticks {
    struct hfn_operand x, y, residual; /* of a node without a residual: as y; of an addition: its second input */
    uint16_t step;                     /* rows of y: at least 1 */
    uint16_t lag;                      /* rows */
    uint16_t rows, columns;            /* of y, in pixels */
    uint16_t channels;                 /* of y */
    uint16_t shift;                    /* 0..15 */
};

/* The memory of a window. 12 bytes. */
struct hfn_window {
    uint32_t at;    /* arena offset */
    uint32_t size;  /* bytes */
    uint16_t slide; /* bytes, every 2^shift ticks: at most size */
    uint16_t shift;
};

/* How an image comes in, row by row. 12 bytes. */
struct hfn_feed {
    uint32_t state; /* arena offset of a uint32_t: the tick times 2^16, and how many rows of this tick have come */
    uint32_t skip;  /* bytes of a row from a channel to the next: 1 (row, column, channel) or columns */
    uint16_t step;  /* bytes of a row from a pixel to the next: channels or 1 */
    uint16_t ticks; /* of the group */
};

/* How it comes in by a table. 16 bytes. */
struct hfn_feed_table {
    struct hfn_feed feed;
    uint32_t table; /* as that of struct hfn_input_table */
};

/* How it comes in by maps. 20 bytes. */
struct hfn_feed_affine {
    struct hfn_feed feed;
    uint32_t maps, flip; /* as those of struct hfn_input_affine */
};

/* The rows of a tick, first..end - 1, and where row 0 of channel 0 lies in it; it need not be there. */
struct hfn_span {
    uint32_t first, end;
    uint32_t x, x_map;
    uint32_t y, y_map;
    uint32_t residual, residual_map;
};

struct hfn_span hfn_span(const struct hfn_ticks *ticks, uint32_t tick);

/* Moves a window's bytes down by its slide, in ticks in which it slides; those at its end are then to be written. */
void hfn_slide(const struct hfn_window *window, uint32_t tick, uint32_t *arena);

/* Takes in the next row of an image, as the functions of the inputs take in all of it; columns and channels are those
 * of ticks. Returns the tick before which all can run: that of the row, if more rows of it are to come, the next one,
 * or after the image's last row the number of ticks. */
uint32_t hfn_feed_u8(const struct hfn_feed *node, const struct hfn_ticks *ticks, const void *row, uint32_t *arena);
uint32_t hfn_feed_s8(const struct hfn_feed *node, const struct hfn_ticks *ticks, const void *row, uint32_t *arena);
uint32_t hfn_feed_table(const void *model, const struct hfn_feed_table *node, const struct hfn_ticks *ticks,
                        const void *row, uint32_t *arena);
uint32_t hfn_feed_affine(const void *model, const struct hfn_feed_affine *node, const struct hfn_ticks *ticks,
                         const void *row, uint32_t *arena);
uint32_t hfn_feed_s16(const void *model, const struct hfn_feed_affine *node, const struct hfn_ticks *ticks,
                      const void *row, uint32_t *arena);

/* What the functions of these names without _rows do, for the rows of a tick, if there are any. Offsets of tensors are
 * those of ticks. */
void hfn_input_u8_rows(const struct hfn_input *node, const struct hfn_ticks *ticks, uint32_t tick, uint32_t *arena);
void hfn_input_s8_rows(const struct hfn_input *node, const struct hfn_ticks *ticks, uint32_t tick, uint32_t *arena);
void hfn_input_table_rows(const void *model, const struct hfn_input_table *node, const struct hfn_ticks *ticks,
                          uint32_t tick, uint32_t *arena);
void hfn_input_affine_rows(const void *model, const struct hfn_input_affine *node, const struct hfn_ticks *ticks,
                           uint32_t tick, uint32_t *arena);
void hfn_input_s16_rows(const void *model, const struct hfn_input_affine *node, const struct hfn_ticks *ticks,
                        uint32_t tick, uint32_t *arena);
void hfn_conv_narrow_rows(const void *model, const struct hfn_conv *node, const struct hfn_ticks *ticks, uint32_t tick,
                          uint32_t *arena);
void hfn_conv_plain_rows(const void *model, const struct hfn_conv *node, const struct hfn_ticks *ticks, uint32_t tick,
                         uint32_t *arena);
void hfn_conv_shared_rows(const void *model, const struct hfn_conv_shared *node, const struct hfn_ticks *ticks,
                          uint32_t tick, uint32_t *arena);
void hfn_conv_wide_rows(const void *model, const struct hfn_conv *node, const struct hfn_ticks *ticks, uint32_t tick,
                        uint32_t *arena);
void hfn_conv_dense_rows(const void *model, const struct hfn_conv *node, const struct hfn_ticks *ticks, uint32_t tick,
                         uint32_t *arena);
void hfn_conv_int4_rows(const void *model, const struct hfn_conv *node, const struct hfn_ticks *ticks, uint32_t tick,
                        uint32_t *arena);
void hfn_conv_far_rows(const void *model, const struct hfn_conv *node, const struct hfn_ticks *ticks, uint32_t tick,
                       uint32_t *arena);
void hfn_conv_far_dense_rows(const void *model, const struct hfn_conv *node, const struct hfn_ticks *ticks,
                             uint32_t tick, uint32_t *arena);
void hfn_conv_far_int4_rows(const void *model, const struct hfn_conv *node, const struct hfn_ticks *ticks,
                            uint32_t tick, uint32_t *arena);
void hfn_rect_narrow_rows(const void *model, const struct hfn_rect *node, const struct hfn_ticks *ticks, uint32_t tick,
                          uint32_t *arena);
void hfn_rect_wide_rows(const void *model, const struct hfn_rect *node, const struct hfn_ticks *ticks, uint32_t tick,
                        uint32_t *arena);
void hfn_rect_trained_rows(const void *model, const struct hfn_rect *node, const struct hfn_ticks *ticks, uint32_t tick,
                           uint32_t *arena);
void hfn_rect_far_rows(const void *model, const struct hfn_rect *node, const struct hfn_ticks *ticks, uint32_t tick,
                       uint32_t *arena);
void hfn_rect_far_trained_rows(const void *model, const struct hfn_rect *node, const struct hfn_ticks *ticks,
                               uint32_t tick, uint32_t *arena);
void hfn_max_pool_rows(const struct hfn_max_pool *node, const struct hfn_ticks *ticks, uint32_t tick, uint32_t *arena);
void hfn_max_pool_2x2_rows(const struct hfn_max_pool *node, const struct hfn_ticks *ticks, uint32_t tick,
                           uint32_t *arena);
void hfn_add_rows(const struct hfn_add *node, const struct hfn_ticks *ticks, uint32_t tick, uint32_t *arena);

#endif
