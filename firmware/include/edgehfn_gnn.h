/* The part of edgehfn.h that is about graph networks. All that is said there holds here too; applications need not
 * include this header, as that one does.
 *
 * Where a tensor lies over the nodes of a graph, each of its channels has a slot for each node, in order, and up to
 * three more, to a multiple of HFN_COLUMNS.
 *
 * Where graphs are the input, functions execute the same instructions whatever graph of as many nodes and edges. They
 * trust graphs that hfn_check_graph has found legal; on another one a run may read and write anywhere. */
#ifndef EDGEHFN_GNN_H
#define EDGEHFN_GNN_H

#include "edgehfn.h"

/* Limits of SPEC, which the compiler keeps. */
#define HFN_COLUMNS 4 /* of a map over nodes: its slots are a multiple of it */
#define HFN_MAX_NODES 65532
#define HFN_MAX_EDGES 32767 /* of a graph in the input */

#ifdef __cplusplus
extern "C" {
#endif

/* The edges of a graph: SPEC section 5.1. An edge has a source and a target; the sources of a node's edges are its
 * neighbours, and their number is its degree. Slots behind the last node have degree 0. 28 bytes. */
struct hfn_topology {
    uint32_t degrees; /* offset of a uint16_t for each slot: in the model, or in the arena if the graph is input */
    uint32_t sources; /* right behind them, of the neighbours of the first node, then of the second, ...: uint16_t */
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
    HFN_GRAPH_NODES,    /* more nodes than the topology's */
    HFN_GRAPH_EDGES,    /* more edges than the topology's */
    HFN_GRAPH_RANGE,    /* an edge joins a node that does not exist */
    HFN_GRAPH_LOOP,     /* an edge joins a node to itself */
    HFN_GRAPH_DEGREE,   /* a node has more neighbours than the topology's degree */
    HFN_GRAPH_DUPLICATE /* two edges join the same nodes */
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
    uint32_t scratch;   /* arena offset of two uint32_t for each slot: weighted elements of four channels */
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

/* For the self-test, SPEC section 8: a path through the nodes, as the raw input behind its features. */
void hfn_golden_graph(const struct hfn_topology *topology, uint32_t *arena);

#ifdef __cplusplus
}
#endif

#endif
