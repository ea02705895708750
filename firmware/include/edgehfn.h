/* EdgeHFN runtime: hidden-fold networks on microcontrollers. What every bit is: docs/SPEC.md.
 *
 * Generated code describes a model as one struct of constants without pointers and runs it as a chain of the functions
 * below, one call a node. Applications include the generated header only.
 *
 * Offsets. A model offset is a number of bytes from the start of that struct, and a multiple of the size of the
 * elements that lie there. An arena offset is a number of bytes from the start of the arena, and a multiple of 4, as is
 * the arena's address. What lies at the offsets of one struct does not overlap, unless its fields say so.
 *
 * Tensors are int8_t, 0..127 or -127..127, channel by channel, rows from the top.
 *
 * Functions run to completion, use no memory but the arena and the stack, and execute the same instructions whatever
 * the input. They trust the model: the compiler has verified the ranges given here, and that sums fit. What there is
 * for graph networks, and what holds for these besides, is in edgehfn_gnn.h, which this header includes.
 *
 * Needs 8-bit bytes, int of 32 bits, two's complement, little endian, from Armv6-M on if it is Arm, and GCC, Clang or
 * Arm Compiler 6 (guards.h refuses others). Kernels for the DSP extension and for Helium load words from
 * unaligned addresses. Firmware that has these trapped (CCR.UNALIGN_TRP) compiles the runtime with
 * -mno-unaligned-access, which takes the kernels of Armv7-M in their place. */
#ifndef EDGEHFN_H
#define EDGEHFN_H

#include <stddef.h>
#include <stdint.h>

#include "hfn_config.h"

#define HFN_VERSION 1 /* of docs/SPEC.md */

/* Limits of SPEC, which the compiler keeps. */
#define HFN_ALIGN 4 /* bytes: what lies in the arena starts at a multiple of it */
#define HFN_MAX_KERNEL 7
#define HFN_MAX_STRIDE 4
#define HFN_MAX_TAPS 49 /* of a kernel that is not square */
#define HFN_MAX_COATS 7
#define HFN_MAX_THRESHOLD 256 /* of frozen positions: all of them */

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "EdgeHFN needs a little endian target and GCC, Clang or Arm Compiler 6"
#endif

/* After each node: its index, a pointer to its tensor and the tensor's bytes. Define it before this header to look
 * inside a run. */
#ifndef HFN_TRACE
#define HFN_TRACE(index, tensor, size) ((void)0)
#endif

/* The same of a group's nodes after each tick: hfn_span says which rows of the tensor there are. */
#ifndef HFN_TRACE_ROWS
#define HFN_TRACE_ROWS(index, ticks, tick, arena) ((void)0)
#endif

/* After each slide of a window. */
#ifndef HFN_TRACE_SLIDE
#define HFN_TRACE_SLIDE(index) ((void)0)
#endif

#define HFN_ASSERT(name, condition) typedef char hfn_assert_##name[(condition) ? 1 : -1]

#ifdef __cplusplus
extern "C" {
#endif

/* A weight of seeded signs and learned counts, or a trained one of 2 bits or 1: SPEC section 2. 24 bytes.
 *
 * Its mask streams are uint32_t words, or with HFN_SMALL 1 coded bytes (SPEC section 6.1). */
struct hfn_supermask {
    uint32_t mask;  /* model offset of the first coat's stream; 0 if it has no bits */
    uint32_t more;  /* model offset of coats - 1 uint32_t: model offsets of the other coats' streams; 0 for one coat */
    uint32_t signs; /* model offset of a sign word for each 32 weights; 0 if signs are generated */
    uint32_t key;   /* word(seed, tensor): the key of the tensor's stream keys */
    uint16_t coats; /* 1..HFN_MAX_COATS */
    uint16_t stored_signs; /* 0 or 1 */
    uint16_t pruned;       /* P of SPEC section 2.1, in 1/256: 0..HFN_MAX_THRESHOLD */
    uint16_t frozen;       /* P + L, in 1/256: pruned..HFN_MAX_THRESHOLD; 0 for an ordinary tensor */
};

/* From sums to outputs: SPEC section 4. 16 bytes. */
struct hfn_requantise {
    uint32_t multiplier;         /* model offset of an int8_t for each channel, -127..127 */
    uint32_t bias;               /* model offset of an int8_t or int16_t for each channel */
    uint16_t channels;           /* of the output: 1..65535 */
    uint8_t bias_bytes;          /* of each bias: 1 or 2 */
    uint8_t bias_shift;          /* 0..31 bits to the left */
    uint8_t shift;               /* 0..31 bits to the right, rounded half up */
    uint8_t residual_multiplier; /* 0..255; 0 without a residual */
    uint8_t residual_shift;      /* 0..31 bits to the left */
    int8_t lo;                   /* 0 or -127; the upper limit is 127 */
};

/* A convolution with a square kernel. 60 bytes.
 *
 * Scratch is planes, copies of the input shifted by each column of the kernel (conv.h), then index lists, whose entries
 * are uint16_t offsets of the inputs that a weight other than 0 meets; or, for trained weights, a channel's unpacked
 * weights if they are int4, and a tile (conv_dense.h). Planes take
 *
 *     inputs · kernel · min(stride, kernel) · (band + (kernel - 1) / stride) · pitch + 16
 *
 * bytes, at most 65,536, or 262,144 for the functions with _far in their names, pitch being columns rounded up to a
 * multiple of 4. For those, entries count words, and trained weights take no tile. */
struct hfn_conv {
    uint32_t x, y; /* arena offsets; may be equal if kernel and stride are 1, padding 0 and y has no more channels */
    uint32_t residual; /* arena offset of a tensor of y's shape; may equal x or y; unused while its multiplier is 0 */
    uint32_t planes;   /* arena offset of the planes */
    uint32_t list;     /* arena offset of what follows the planes */
    uint32_t list_end; /* arena offset of its end; a multiple of 2; with HFN_KEEP_LISTS two uint16_t for each channel
                          follow, from the next multiple of 4: entries of plus and of minus */
    uint32_t weight; /* model offset of a struct hfn_supermask, or of int8_t values or int4 ones, in O, I, k, k order */
    struct hfn_requantise requantise;
    uint16_t inputs;        /* channels of x: 1..65535 */
    uint16_t height, width; /* of x, in pixels */
    uint16_t rows, columns; /* of y, in pixels; it has requantise.channels channels */
    uint16_t band;          /* rows of y that are computed together: 1..rows */
    uint8_t kernel;         /* 1..HFN_MAX_KERNEL pixels */
    uint8_t stride;         /* 1..HFN_MAX_STRIDE pixels */
    uint8_t padding;        /* pixels of 0 on each side: 0..kernel - 1 */
    uint8_t flags;          /* sum of HFN_SIGNED and HFN_KEEP_LISTS, where they apply */
};

enum {
    HFN_SIGNED = 1,    /* x can be below 0 */
    HFN_KEEP_LISTS = 2 /* index lists of all channels are built once, not once a band */
};

/* A convolution whose channels share sums three by three. 68 bytes.
 *
 * Taps of three channels are in 13 lists (shared.h). With HFN_KEEP_LISTS the lists of all are kept, and 26 uint16_t for
 * each three, or fewer, follow. A core that sums each channel by itself uses the room as struct hfn_conv says. */
struct hfn_conv_shared {
    struct hfn_conv conv;
    uint16_t rooms[3]; /* entries of either sign that a list has room for, whose taps 1, 2 or 3 channels keep */
    uint16_t unused;   /* 0 */
    uint32_t thread;   /* arena offset of room for the words that a group of pixels takes (trio_narrow_dsp.S) */
};

/* A convolution with any other window. 68 bytes.
 *
 * What conv says of its kernel, stride and padding is of rows here: 1..HFN_MAX_TAPS taps, and as many zeros above as it
 * spans places less one, or fewer; how many there are below follows from its rows. x and y share no place. Planes take
 *
 *     inputs · kernel · phases · (conv.band + reach) · pitch + 16
 *
 * bytes, where the taps of a column span s = (conv.kernel - 1) · dilation[0] + 1 rows, phases is min(conv.stride, s)
 * and reach (s - 1) / conv.stride. */
struct hfn_rect {
    struct hfn_conv conv;
    uint16_t dilation[2]; /* places from a tap to the next, of rows and of columns: at least 1 */
    uint8_t kernel;       /* taps of a row; times those of a column, 1..HFN_MAX_TAPS */
    uint8_t stride;       /* of columns: 1..HFN_MAX_STRIDE pixels */
    uint8_t padding;      /* pixels of 0 on the left */
    uint8_t is_int4;      /* trained weights have 4 bits: 0 or 1 */
};

/* A convolution of each channel by a kernel of its own. 60 bytes. */
struct hfn_depthwise {
    uint32_t x, y;     /* arena offsets; may be equal if y has no more rows and columns */
    uint32_t residual; /* arena offset of a tensor of y's shape; may equal x or y; unused while its multiplier is 0 */
    uint32_t scratch;  /* arena offset of the weights of a channel, a byte each, and from the next multiple of 4 of the
                          channel inside its zeros (depthwise.h) */
    uint32_t weight;   /* model offset of a struct hfn_supermask, or of int8_t values or int4 ones, in C, k, k order */
    struct hfn_requantise requantise;
    uint16_t height, width; /* of x, in pixels */
    uint16_t rows, columns; /* of y, in pixels */
    uint16_t pitch;         /* bytes of a row of the channel inside its zeros: a multiple of 4 */
    uint16_t dilation[2];   /* of rows and of columns, from here on */
    uint8_t kernel[2];      /* their product is 1..HFN_MAX_TAPS */
    uint8_t stride[2];      /* 1..HFN_MAX_STRIDE */
    uint8_t padding[2];     /* above and on the left */
    uint32_t size;          /* bytes of the channel inside its zeros: a multiple of 4 */
};

/* A fully connected layer. 36 bytes. */
struct hfn_linear {
    uint32_t x, y;    /* arena offsets */
    uint32_t scratch; /* arena offset of 4·channels + 2,048 bytes for hfn_linear_plain with HFN_SMALL 0; else unused */
    uint32_t weight;  /* model offset of a struct hfn_supermask, or of int8_t values or int4 ones, in O, I order */
    uint32_t inputs;  /* elements of x: at least 1 */
    struct hfn_requantise requantise;
};

/* Raw samples to a tensor. 24 bytes. */
struct hfn_input {
    uint32_t raw, y;   /* arena offsets; may be equal if step is a sample or pixels is 1 */
    uint32_t channels; /* at least 1 */
    uint32_t pixels;   /* of one channel: at least 1 */
    uint32_t step;     /* raw bytes from a pixel to the next: a sample (C, H, W) or channels of them (H, W, C) */
    uint32_t skip;     /* raw bytes from a channel to the next: pixels of them or one */
};

/* Raw bytes to a tensor by a table of each channel's own. 28 bytes. */
struct hfn_input_table {
    struct hfn_input input;
    uint32_t table; /* offset in the model of what each raw byte becomes, int8_t[channels][256]: -127..127 */
};

/* Raw samples to a tensor by a map of each channel's own. 32 bytes. */
struct hfn_input_affine {
    struct hfn_input input;
    uint32_t maps; /* offset in the model of uint32_t[channels][2]: an offset, and a multiplier (-32767..32767) below a
                      shift (0..31); sums of 32 bits suffice for every sample */
    uint32_t flip; /* 128 of signed bytes, else 0 */
};

/* Largest element of each window; what lies outside the map does not count. 24 bytes. */
struct hfn_max_pool {
    uint32_t x, y; /* arena offsets; may be equal if padding is 0 */
    uint16_t channels;
    uint16_t height, width; /* of x, in pixels */
    uint16_t rows, columns; /* of y, in pixels */
    uint16_t kernel;        /* pixels, at least 1 */
    uint16_t stride;        /* pixels, at least 1 */
    uint16_t padding;       /* pixels: 0..kernel / 2 */
};

/* Mean of each channel. 20 bytes. */
struct hfn_avg_pool {
    uint32_t x, y; /* arena offsets; may be equal */
    uint32_t channels;
    uint32_t pixels;     /* of one channel */
    uint16_t multiplier; /* 1..32767, about 2^shift / pixels */
    uint8_t shift;       /* 0..31 bits to the right, rounded half up */
    int8_t lo;           /* 0 or -127; the upper limit is 127 */
};

/* Mean of each window, zeros outside the map counted. 36 bytes. */
struct hfn_mean_pool {
    uint32_t x, y; /* arena offsets; may be equal without padding */
    uint16_t channels;
    uint16_t height, width; /* of x, in pixels */
    uint16_t rows, columns; /* of y, in pixels */
    uint16_t kernel[2];     /* of rows and of columns, from here on: at least 1 */
    uint16_t stride[2];     /* at least 1 */
    uint16_t padding[2];    /* above and on the left */
    uint16_t multiplier;    /* 1..32767, about 2^shift / pixels of a window */
    uint16_t shift;         /* 0..31 bits to the right, rounded half up */
    int16_t lo;             /* 0 or -127; the upper limit is 127 */
};

/* One tensor and behind it another, each times a factor. 28 bytes. */
struct hfn_concat {
    uint32_t x[2], y;       /* arena offsets; the first and y may be equal, if the second is another */
    uint32_t size[2];       /* elements of each tensor */
    uint16_t multiplier[2]; /* 1..32767 */
    uint16_t shift;         /* 0..31 bits to the right, rounded half up */
    int16_t lo;             /* 0 or -127; the upper limit is 127 */
};

/* Sum of two tensors of one shape. 24 bytes. */
struct hfn_add {
    uint32_t x[2], y;       /* arena offsets; all may be equal */
    uint32_t size;          /* elements of each tensor */
    uint16_t multiplier[2]; /* 1..32767 */
    uint16_t shift;         /* 0..31 bits to the right, rounded half up */
    int16_t lo;             /* 0 or -127; the upper limit is 127 */
};

/* The first node of most models: y = x >> 1 of unsigned bytes, max(x, -127) of signed ones, or what a table says; by a
 * map y = clamp((multiplier·x + offset) >> shift) of bytes, or of samples of 16 bits. */
void hfn_input_u8(const struct hfn_input *node, uint32_t *arena);
void hfn_input_s8(const struct hfn_input *node, uint32_t *arena);
void hfn_input_table(const void *model, const struct hfn_input_table *node, uint32_t *arena);
void hfn_input_affine(const void *model, const struct hfn_input_affine *node, uint32_t *arena);
void hfn_input_s16(const void *model, const struct hfn_input_affine *node, uint32_t *arena);

/* Supermask convolutions, whose outputs are the same: _wide sums in 32-bit accumulators, _narrow in 16-bit ones, which
 * needs N1 to N3 of SPEC section 4, and so do _plain, for masks of one coat, nothing frozen and generated signs, and
 * with HFN_SMALL 0 _shared, for such masks, columns in fours and an x from 0 up. */
void hfn_conv_narrow(const void *model, const struct hfn_conv *node, uint32_t *arena);
void hfn_conv_plain(const void *model, const struct hfn_conv *node, uint32_t *arena);
void hfn_conv_shared(const void *model, const struct hfn_conv_shared *node, uint32_t *arena);
void hfn_conv_wide(const void *model, const struct hfn_conv *node, uint32_t *arena);

/* Convolutions with trained weights: of 8 bits, -127..127, and of 4 bits, -7..7, two a byte. */
void hfn_conv_dense(const void *model, const struct hfn_conv *node, uint32_t *arena);
void hfn_conv_int4(const void *model, const struct hfn_conv *node, uint32_t *arena);

/* The same, in 32-bit accumulators, for layers one output row of which needs planes of more than 65,536 bytes: of
 * masks, and of trained weights of 8 and of 4 bits. */
void hfn_conv_far(const void *model, const struct hfn_conv *node, uint32_t *arena);
void hfn_conv_far_dense(const void *model, const struct hfn_conv *node, uint32_t *arena);
void hfn_conv_far_int4(const void *model, const struct hfn_conv *node, uint32_t *arena);

/* The same kinds with any other window: of masks in 16-bit and in 32-bit accumulators, and of trained weights; and
 * these two for layers one row of which needs planes of more than 65,536 bytes. */
void hfn_rect_narrow(const void *model, const struct hfn_rect *node, uint32_t *arena);
void hfn_rect_wide(const void *model, const struct hfn_rect *node, uint32_t *arena);
void hfn_rect_trained(const void *model, const struct hfn_rect *node, uint32_t *arena);
void hfn_rect_far(const void *model, const struct hfn_rect *node, uint32_t *arena);
void hfn_rect_far_trained(const void *model, const struct hfn_rect *node, uint32_t *arena);

/* Depthwise convolutions: of masks, and of trained weights of 8 and of 4 bits. */
void hfn_depthwise_supermask(const void *model, const struct hfn_depthwise *node, uint32_t *arena);
void hfn_depthwise_dense(const void *model, const struct hfn_depthwise *node, uint32_t *arena);
void hfn_depthwise_int4(const void *model, const struct hfn_depthwise *node, uint32_t *arena);

/* Fully connected layers with the same kinds of weights. _plain sums by lookup tables and takes scratch. */
void hfn_linear_supermask(const void *model, const struct hfn_linear *node, uint32_t *arena);
void hfn_linear_plain(const void *model, const struct hfn_linear *node, uint32_t *arena);
void hfn_linear_dense(const void *model, const struct hfn_linear *node, uint32_t *arena);
void hfn_linear_int4(const void *model, const struct hfn_linear *node, uint32_t *arena);

/* hfn_max_pool_2x2 takes kernel 2, stride 2, no padding, and an even width of 8, or of 12 and more. */
void hfn_max_pool(const struct hfn_max_pool *node, uint32_t *arena);
void hfn_max_pool_2x2(const struct hfn_max_pool *node, uint32_t *arena);
void hfn_avg_pool(const struct hfn_avg_pool *node, uint32_t *arena);
void hfn_mean_pool(const struct hfn_mean_pool *node, uint32_t *arena);
void hfn_concat(const struct hfn_concat *node, uint32_t *arena);
void hfn_add(const struct hfn_add *node, uint32_t *arena);

/* For the self-test, SPEC section 8: the CRC-32 of size bytes, and size raw bytes from the stream with this key, or
 * from its byte first on. */
uint32_t hfn_crc32(const void *data, size_t size);
void hfn_golden_input(uint32_t key, void *raw, size_t size);
void hfn_golden_part(uint32_t key, uint32_t first, void *raw, size_t size);

#include "edgehfn_rows.h"

#ifdef __cplusplus
}
#endif

#include "edgehfn_gnn.h"
#include "edgehfn_sound.h"

#endif
