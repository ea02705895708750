/* EdgeHFN runtime: hidden-fold networks on microcontrollers. What every bit is: docs/SPEC.md.
 *
 * Generated code describes a model as one struct of constants without pointers and runs it as a chain of the functions
 * below, one call a node. Applications include the generated header only.
 *
 * Offsets. A model offset is a number of bytes from the start of that struct, and a multiple of the size of the
 * elements that lie there. An arena offset is a number of bytes from the start of the arena, and a multiple of 4, as is
 * the arena's address. What lies at the offsets of one struct does not overlap, unless its fields say so.
 *
 * Tensors are int8_t, 0..127 or -127..127, channel by channel, rows from the top. Where a tensor lies over the nodes of
 * a graph, each of its channels has a slot for each node, in order, and up to three more, to a multiple of 4.
 *
 * Functions run to completion, use no memory but the arena and the stack, and execute the same instructions whatever
 * the input; where graphs are the input, whatever graph of as many nodes and edges. They trust the model: the compiler
 * has verified the ranges given here, and that sums fit. They trust graphs that hfn_check_graph has found legal; on
 * another one a run may read and write anywhere.
 *
 * Needs two's complement, little endian, and GCC, Clang or Arm Compiler 6. */
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
#define HFN_MAX_COATS 7
#define HFN_MAX_THRESHOLD 256 /* of frozen positions: all of them */
#define HFN_COLUMNS 4         /* of a map over nodes: its slots are a multiple of it */
#define HFN_MAX_NODES 65532
#define HFN_MAX_EDGES 32767 /* of a graph in the input */

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "EdgeHFN needs a little endian target and GCC, Clang or Arm Compiler 6"
#endif

/* After each node: its index, a pointer to its tensor and the tensor's bytes. Define it before this header to look
 * inside a run. */
#ifndef HFN_TRACE
#define HFN_TRACE(index, tensor, size) ((void)0)
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
 * bytes, at most 65,536, pitch being columns rounded up to a multiple of 4. */
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
    HFN_SIGNED = 1,     /* x can be below 0 */
    HFN_KEEP_LISTS = 2, /* index lists of all channels are built once, not once a band */
};

/* A fully connected layer. 36 bytes. */
struct hfn_linear {
    uint32_t x, y;    /* arena offsets */
    uint32_t scratch; /* arena offset of 4·channels + 2,048 bytes for hfn_linear_plain with HFN_SMALL 0; else unused */
    uint32_t weight;  /* model offset of a struct hfn_supermask, or of int8_t values or int4 ones, in O, I order */
    uint32_t inputs;  /* elements of x: at least 1 */
    struct hfn_requantise requantise;
};

/* Raw bytes to a tensor. 24 bytes. */
struct hfn_input {
    uint32_t raw, y;   /* arena offsets; may be equal if step or pixels is 1 */
    uint32_t channels; /* at least 1 */
    uint32_t pixels;   /* of one channel: at least 1 */
    uint32_t step;     /* raw bytes from a pixel to the next: 1 (C, H, W) or channels (H, W, C) */
    uint32_t skip;     /* raw bytes from a channel to the next: pixels or 1 */
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

/* Sum of two tensors of one shape. 24 bytes. */
struct hfn_add {
    uint32_t x[2], y;       /* arena offsets; all may be equal */
    uint32_t size;          /* elements of each tensor */
    uint16_t multiplier[2]; /* 1..32767 */
    uint16_t shift;         /* 0..31 bits to the right, rounded half up */
    int16_t lo;             /* 0 or -127; the upper limit is 127 */
};

/* The edges of a graph: SPEC section 5.1. An edge has a source and a target; the sources of a node's edges are its
 * neighbours, and their number is its degree. Slots behind the last node have degree 0. 28 bytes. */
struct hfn_topology {
    uint32_t degrees; /* offset of a uint16_t for each slot: in the model, or in the arena if the graph is input */
    uint32_t sources; /* likewise, of the neighbours of the first node, then of the second, ...: uint16_t */
    /* Arena offsets, if the graph is input; else 0: */
    uint32_t count;   /* of the number of nodes, a uint16_t */
    uint32_t raw;     /* of the input behind its features: uint16_t numbers of nodes and of edges, and pairs of nodes */
    uint32_t scratch; /* of a uint16_t for each slot */
    uint16_t nodes;   /* 1..HFN_MAX_NODES; if the graph is input, at most */
    uint16_t edges;   /* 1..HFN_MAX_EDGES, at most, each of which counts for both its ends; 0 for a stored graph */
    uint16_t degree;  /* the largest; if the graph is input, at most, and 2..65535 */
    uint16_t slots;   /* nodes rounded up to a multiple of HFN_COLUMNS */
};

/* What hfn_check_graph returns, the lowest that applies: SPEC section 5.2. */
enum hfn_graph_status {
    HFN_GRAPH_OK,
    HFN_GRAPH_NODES,     /* more nodes than the topology's */
    HFN_GRAPH_EDGES,     /* more edges than the topology's */
    HFN_GRAPH_RANGE,     /* an edge joins a node that does not exist */
    HFN_GRAPH_LOOP,      /* an edge joins a node to itself */
    HFN_GRAPH_DEGREE,    /* a node has more neighbours than the topology's degree */
    HFN_GRAPH_DUPLICATE, /* two edges join the same nodes */
};

/* A stored tensor. 12 bytes. */
struct hfn_constant {
    uint32_t values; /* model offset of int8_t values */
    uint32_t y;      /* arena offset */
    uint32_t size;   /* bytes */
};

/* Sparse features times a weight, to a tensor over their nodes. 52 bytes. */
struct hfn_sparse_linear {
    uint32_t y;       /* arena offset */
    uint32_t sums;    /* arena offset of a uint32_t for each slot */
    uint32_t weights; /* arena offset of a uint32_t for each feature */
    uint32_t weight;  /* model offset of a struct hfn_supermask, or of int8_t values or int4 ones, in O, F order */
    uint32_t starts;  /* model offset of inputs + 1 uint32_t: where the members of each feature start */
    uint32_t members; /* model offset of uint16_t: the nodes that have the first feature, the second, ... */
    uint32_t values;  /* model offset of an int8_t for each member, -127..127; 0 if all are 1 */
    uint32_t inputs;  /* features: at least 1 */
    uint16_t slots;   /* nodes rounded up to a multiple of HFN_COLUMNS */
    uint16_t lanes;   /* channels that share a uint32_t: 4 if all sums fit 8 bits, 2 if they fit 16, else 1 */
    struct hfn_requantise requantise;
};

/* A weighted sum over each node's neighbours and itself: SPEC section 5.3. 52 bytes.
 *
 * Tables have an entry for each degree from 0 to the topology's. */
struct hfn_aggregate {
    uint32_t x, y;      /* arena offsets; may be equal */
    uint32_t residual;  /* arena offset of a tensor of y's shape; may equal x or y; unused while its multiplier is 0 */
    uint32_t scratch;   /* arena offset of a uint32_t for each slot: weighted elements of two channels */
    uint32_t topology;  /* model offset of a struct hfn_topology */
    uint32_t neighbour; /* model offset of uint8_t: q, the weight of a neighbour of this degree */
    uint32_t own;       /* model offset of uint8_t: r, the weight of a node's own element */
    uint32_t whole;     /* model offset of uint16_t: p, the weight of the sum */
    struct hfn_requantise requantise;
    uint32_t shift; /* of the weighted sum: 0..31 bits to the right, rounded half up */
};

/* A mean over each node's neighbours and itself by softmax weights: SPEC section 5.3. 52 bytes. */
struct hfn_attention {
    uint32_t x, y;     /* arena offsets; may be equal */
    uint32_t residual; /* arena offset of a tensor of y's shape; may equal x or y; unused while its multiplier is 0 */
    uint32_t scores;  /* arena offset of 2·heads channels, first those of sources, then those of targets; may equal x */
    uint32_t scratch; /* arena offset of 4 bytes for each slot and 1 for each neighbour of each node */
    uint32_t topology;    /* model offset of a struct hfn_topology */
    uint32_t exponential; /* model offset of 256 uint8_t, the first 255 */
    struct hfn_requantise requantise;
    uint16_t heads; /* at least 1 */
    uint16_t each;  /* channels of a head: at least 1; heads·each is requantise.channels */
    uint32_t slope; /* of scores below 0, in 1/256: 0..255 */
};

/* Sum or mean over nodes, without the slots behind the last one. 24 bytes. */
struct hfn_node_pool {
    uint32_t x, y;       /* arena offsets; may be equal */
    uint32_t topology;   /* model offset of a struct hfn_topology */
    uint32_t multiplier; /* model offset of a uint16_t, or of one for each number of nodes from 0 */
    uint16_t channels;   /* of x */
    uint16_t is_mean;    /* 0: one multiplier; 1: one for each number of nodes */
    uint16_t shift;      /* 0..31 bits to the right, rounded half up */
    int16_t lo;          /* 0 or -127; the upper limit is 127 */
};

/* The first node of most models: y = x >> 1 of unsigned bytes, max(x, -127) of signed ones. */
void hfn_input_u8(const struct hfn_input *node, uint32_t *arena);
void hfn_input_s8(const struct hfn_input *node, uint32_t *arena);

/* Supermask convolutions, whose outputs are the same: _wide sums in 32-bit accumulators, _narrow in 16-bit ones, which
 * needs N1 to N3 of SPEC section 4, and so does _plain, for masks of one coat, nothing frozen and generated signs. */
void hfn_conv_narrow(const void *model, const struct hfn_conv *node, uint32_t *arena);
void hfn_conv_plain(const void *model, const struct hfn_conv *node, uint32_t *arena);
void hfn_conv_wide(const void *model, const struct hfn_conv *node, uint32_t *arena);

/* Convolutions with trained weights: of 8 bits, -127..127, and of 4 bits, -7..7, two a byte. */
void hfn_conv_dense(const void *model, const struct hfn_conv *node, uint32_t *arena);
void hfn_conv_int4(const void *model, const struct hfn_conv *node, uint32_t *arena);

/* Fully connected layers with the same kinds of weights. _plain sums by lookup tables and takes scratch. */
void hfn_linear_supermask(const void *model, const struct hfn_linear *node, uint32_t *arena);
void hfn_linear_plain(const void *model, const struct hfn_linear *node, uint32_t *arena);
void hfn_linear_dense(const void *model, const struct hfn_linear *node, uint32_t *arena);
void hfn_linear_int4(const void *model, const struct hfn_linear *node, uint32_t *arena);

/* hfn_max_pool_2x2 takes kernel 2, stride 2, no padding, and an even width of 8, or of 12 and more. */
void hfn_max_pool(const struct hfn_max_pool *node, uint32_t *arena);
void hfn_max_pool_2x2(const struct hfn_max_pool *node, uint32_t *arena);
void hfn_avg_pool(const struct hfn_avg_pool *node, uint32_t *arena);
void hfn_add(const struct hfn_add *node, uint32_t *arena);

/* Checks the graph in the raw input and returns its status, one of enum hfn_graph_status. If it is HFN_GRAPH_OK, the
 * arena then holds the neighbours of every node, and the model may run once. May be called on any bytes. */
int hfn_check_graph(const struct hfn_topology *topology, uint32_t *arena);

/* Nodes of graph networks. */
void hfn_constant(const void *model, const struct hfn_constant *node, uint32_t *arena);
void hfn_sparse_supermask(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena);
void hfn_sparse_dense(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena);
void hfn_sparse_int4(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena);
void hfn_aggregate(const void *model, const struct hfn_aggregate *node, uint32_t *arena);
void hfn_attention(const void *model, const struct hfn_attention *node, uint32_t *arena);
void hfn_node_pool(const void *model, const struct hfn_node_pool *node, uint32_t *arena);

/* For the self-test, SPEC section 8: the CRC-32 of size bytes; size raw bytes from the stream with this key; and a path
 * through the nodes, as the raw input behind its features. */
uint32_t hfn_crc32(const void *data, size_t size);
void hfn_golden_input(uint32_t key, void *raw, size_t size);
void hfn_golden_graph(const struct hfn_topology *topology, uint32_t *arena);

#ifdef __cplusplus
}
#endif

#endif
