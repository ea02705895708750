/* EdgeHFN runtime: hidden-fold networks on microcontrollers. What every bit is: docs/SPEC.md.
 *
 * Generated code describes a model as one struct of constants without pointers and runs it as a chain of the functions
 * below, one call a node. Applications include the generated header only.
 *
 * A model offset is a number of bytes from the start of that struct. An arena offset is a number of bytes from the
 * start of the arena, which is aligned to 4; tensor offsets in it are multiples of 4. All functions run to completion,
 * use no memory but the arena and the stack, and execute the same instructions whatever the input; where graphs are the
 * input, whatever graph of as many nodes and edges. They trust the model: the compiler has verified it. They trust
 * graphs that hfn_check_graph has called legal, and nothing else may run.
 *
 * Needs two's complement, little endian, and GCC, Clang or Arm Compiler 6. */
#ifndef EDGEHFN_H
#define EDGEHFN_H

#include <stddef.h>
#include <stdint.h>

#include "hfn_config.h"

#define HFN_VERSION 1 /* of docs/SPEC.md */

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

/* A weight of seeded signs and learned counts, or a trained one of 2 bits or 1: SPEC section 2. 24 bytes. */
struct hfn_supermask {
    uint32_t mask;  /* model offset of the first coat's words */
    uint32_t more;  /* model offset of coats - 1 uint32_t: model offsets of the other coats' words; 0 for one coat */
    uint32_t signs; /* model offset of stored sign words; 0 if they are generated */
    uint32_t key;   /* word(seed, tensor): the key of the tensor's stream keys */
    uint16_t coats; /* 1..7 */
    uint16_t stored_signs; /* 0 or 1 */
    uint16_t pruned;       /* P, in 1/256 */
    uint16_t frozen;       /* P + L; 0 for an ordinary tensor */
};

/* SPEC section 4. 16 bytes. */
struct hfn_requantise {
    uint32_t multiplier; /* model offset of an int8_t for each channel */
    uint32_t bias;       /* model offset of an int8_t or int16_t for each channel */
    uint16_t channels;
    uint8_t bias_bytes; /* 1 or 2 */
    uint8_t bias_shift; /* 0..31 */
    uint8_t shift;      /* 0..31 */
    uint8_t residual_multiplier;
    uint8_t residual_shift; /* 0..31 */
    int8_t lo;              /* 0 or -127; the upper limit is 127 */
};

/* Square kernel 1..7, stride 1..4, padding 0..kernel - 1. 60 bytes. */
struct hfn_conv {
    uint32_t x, y;     /* arena offsets */
    uint32_t residual; /* arena offset; may equal y; unused while the residual multiplier is 0 */
    uint32_t planes;   /* arena offset of the scratch's first part, see src/conv.h */
    uint32_t list;     /* arena offset of its second part, the uint16_t offsets of a channel or of all channels, or
                          a channel's unpacked weights */
    uint32_t list_end; /* arena offset of its end; where lists are kept, the channels' lengths follow */
    uint32_t weight; /* model offset of a struct hfn_supermask, or of int8_t values or int4 ones, in O, I, k, k order */
    struct hfn_requantise requantise;
    uint16_t inputs, height, width; /* of x */
    uint16_t rows, columns;         /* of y, which has requantise.channels channels */
    uint16_t band;                  /* output rows computed together */
    uint8_t kernel, stride, padding;
    uint8_t flags; /* HFN_SIGNED, HFN_KEEP_LISTS */
};

enum {
    HFN_SIGNED = 1,     /* x can be below 0 */
    HFN_KEEP_LISTS = 2, /* lists of all channels are built once, not once a band */
};

/* 36 bytes. */
struct hfn_linear {
    uint32_t x, y;    /* arena offsets */
    uint32_t scratch; /* arena offset of what src/linear_plain.h lays out; else unused */
    uint32_t weight;  /* model offset of a struct hfn_supermask, or of int8_t values or int4 ones, in O, I order */
    uint32_t inputs;  /* elements of x */
    struct hfn_requantise requantise;
};

/* Raw bytes to a tensor. 24 bytes. */
struct hfn_input {
    uint32_t raw, y; /* arena offsets; may be equal if step is 1 */
    uint32_t channels;
    uint32_t pixels; /* of one channel */
    uint32_t step;   /* raw bytes from a pixel to the next: 1 (C, H, W) or channels (H, W, C) */
    uint32_t skip;   /* raw bytes from a channel to the next: pixels or 1 */
};

/* Largest element of each window; what lies outside the map does not count. 24 bytes. */
struct hfn_max_pool {
    uint32_t x, y; /* arena offsets; may be equal if padding is 0 */
    uint16_t channels;
    uint16_t height, width; /* of x */
    uint16_t rows, columns; /* of y */
    uint16_t kernel, stride, padding;
};

/* Mean of each channel. 20 bytes. */
struct hfn_avg_pool {
    uint32_t x, y; /* arena offsets; may be equal */
    uint32_t channels;
    uint32_t pixels; /* of one channel */
    uint16_t multiplier;
    uint8_t shift;
    int8_t lo; /* 0 or -127 */
};

/* Sum of two tensors. 24 bytes. */
struct hfn_add {
    uint32_t x[2], y; /* arena offsets; y may equal either x */
    uint32_t size;
    uint16_t multiplier[2];
    uint16_t shift;
    int16_t lo; /* 0 or -127 */
};

/* Who hears whom: SPEC section 5.1. A slot is an element of a channel: a node, or one of up to three behind the last.
 * 28 bytes. */
struct hfn_topology {
    uint32_t degrees; /* model offset of a uint16_t for each slot; arena offset if the graph comes with the input */
    uint32_t sources; /* likewise, of the neighbours of the first node, then of the second, ...: uint16_t */
    /* Arena offsets, if the graph comes with the input: */
    uint32_t count;   /* of the number of nodes, a uint16_t */
    uint32_t raw;     /* of the input behind its features: the numbers of nodes and of edges, and pairs of nodes */
    uint32_t scratch; /* of a uint16_t for each slot */
    uint16_t nodes;   /* that there are, or at most */
    uint16_t edges;   /* at most; 0 for a stored graph */
    uint16_t degree;  /* the largest, or at most */
    uint16_t slots;
};

/* What hfn_check_graph says: SPEC section 5.2. */
enum hfn_graph_status {
    HFN_GRAPH_OK,
    HFN_GRAPH_NODES,
    HFN_GRAPH_EDGES,
    HFN_GRAPH_RANGE,
    HFN_GRAPH_LOOP,
    HFN_GRAPH_DEGREE,
    HFN_GRAPH_DUPLICATE,
};

/* A stored map. 12 bytes. */
struct hfn_constant {
    uint32_t values; /* model offset */
    uint32_t y;      /* arena offset */
    uint32_t size;   /* bytes */
};

/* Sparse features to a map over their nodes. 52 bytes. */
struct hfn_sparse_linear {
    uint32_t y;       /* arena offset */
    uint32_t sums;    /* arena offset of a word for each slot */
    uint32_t weights; /* and for each feature */
    uint32_t weight;  /* model offset of a struct hfn_supermask, or of int8_t values or int4 ones, in O, F order */
    uint32_t starts;  /* model offset of inputs + 1 uint32_t: where the members of each feature start */
    uint32_t members; /* model offset of node numbers, uint16_t */
    uint32_t values;  /* model offset of an int8_t for each member; 0 if all are 1 */
    uint32_t inputs;  /* features */
    uint16_t slots;
    uint16_t lanes; /* channels that are summed in a word: 4 if all sums fit 8 bits, 2 if they fit 16, else 1 */
    struct hfn_requantise requantise;
};

/* 52 bytes. */
struct hfn_aggregate {
    uint32_t x, y;      /* arena offsets; may be equal */
    uint32_t residual;  /* arena offset; may equal x or y; read, but of no effect while the residual multiplier is 0 */
    uint32_t scratch;   /* arena offset of an int16_t for each slot */
    uint32_t topology;  /* model offset */
    uint32_t neighbour; /* model offsets of an entry for each degree: uint8_t, */
    uint32_t own;       /* uint8_t */
    uint32_t whole;     /* and uint16_t */
    struct hfn_requantise requantise;
    uint32_t shift; /* 0..31 */
};

/* 52 bytes. */
struct hfn_attention {
    uint32_t x, y;        /* arena offsets; may be equal */
    uint32_t residual;    /* as in struct hfn_aggregate */
    uint32_t scores;      /* arena offset of 2·heads channels */
    uint32_t scratch;     /* arena offset of three bytes for each slot, then a byte for each slot and neighbour */
    uint32_t topology;    /* model offset */
    uint32_t exponential; /* model offset of 256 uint8_t */
    struct hfn_requantise requantise;
    uint16_t heads;
    uint16_t each;  /* channels of a head */
    uint32_t slope; /* 0..255 */
};

/* Sum or mean over nodes. 24 bytes. */
struct hfn_node_pool {
    uint32_t x, y;       /* arena offsets; may be equal */
    uint32_t topology;   /* model offset */
    uint32_t multiplier; /* model offset of a uint16_t, or of one for each number of nodes from 0 */
    uint16_t channels;
    uint16_t is_mean; /* 1: one for each */
    uint16_t shift;   /* 0..31 */
    int16_t lo;       /* 0 or -127 */
};

void hfn_input_u8(const struct hfn_input *node, uint32_t *arena);
void hfn_input_s8(const struct hfn_input *node, uint32_t *arena);
void hfn_conv_narrow(const void *model, const struct hfn_conv *node, uint32_t *arena); /* SPEC N1..N3 hold */
void hfn_conv_plain(const void *model, const struct hfn_conv *node,
                    uint32_t *arena); /* and the weight's mask is plain */
void hfn_conv_wide(const void *model, const struct hfn_conv *node, uint32_t *arena);
void hfn_conv_dense(const void *model, const struct hfn_conv *node, uint32_t *arena);
void hfn_conv_int4(const void *model, const struct hfn_conv *node, uint32_t *arena);
void hfn_linear_supermask(const void *model, const struct hfn_linear *node, uint32_t *arena);
void hfn_linear_plain(const void *model, const struct hfn_linear *node, uint32_t *arena); /* one coat, nothing frozen */
void hfn_linear_dense(const void *model, const struct hfn_linear *node, uint32_t *arena);
void hfn_linear_int4(const void *model, const struct hfn_linear *node, uint32_t *arena);
void hfn_max_pool(const struct hfn_max_pool *node, uint32_t *arena);
void hfn_max_pool_2x2(const struct hfn_max_pool *node,
                      uint32_t *arena); /* stride 2, no padding, even width from 8, not 10 */
void hfn_avg_pool(const struct hfn_avg_pool *node, uint32_t *arena);
void hfn_add(const struct hfn_add *node, uint32_t *arena);

/* The status of a graph in the raw input. 0: its neighbours are listed, and it may run. */
int hfn_check_graph(const struct hfn_topology *topology, uint32_t *arena);

void hfn_constant(const void *model, const struct hfn_constant *node, uint32_t *arena);
void hfn_sparse_supermask(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena);
void hfn_sparse_dense(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena);
void hfn_sparse_int4(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena);
void hfn_aggregate(const void *model, const struct hfn_aggregate *node, uint32_t *arena);
void hfn_attention(const void *model, const struct hfn_attention *node, uint32_t *arena);
void hfn_node_pool(const void *model, const struct hfn_node_pool *node, uint32_t *arena);

/* For the self-test: SPEC section 8. */
uint32_t hfn_crc32(const void *data, size_t size);
void hfn_golden_input(uint32_t key, void *raw, size_t size);
void hfn_golden_graph(const struct hfn_topology *topology, uint32_t *arena);

#ifdef __cplusplus
}
#endif

#endif
