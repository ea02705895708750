/* The edges of a graph, in the model or in the arena: the neighbours of each node are the sources of its edges. */
#ifndef HFN_TOPOLOGY_H
#define HFN_TOPOLOGY_H

#include "arena.h"

/* Bytes of scratch, which the planner gives for each slot. */
#define HFN_CHECK_SCRATCH 2
#define HFN_SPARSE_SCRATCH 4 /* and for each feature */
#define HFN_AGGREGATE_SCRATCH 8
#define HFN_ATTENTION_SCRATCH 4 /* and 1 for each neighbour of each node */

struct hfn_neighbours {
    const hfn_half *degree, *end; /* of each slot */
    const hfn_half *source;       /* the neighbours of the first node, of the second, ... */
    uint32_t slots;
    uint32_t nodes;
};

/* What loops over a node's neighbours runs once more than there are, backwards, up to the halfword before the first. So
 * no loop is empty, and all nodes together take as many steps however edges are shared out: no compiler has a way round
 * a loop to make shorter than through it. HFN_HIDE (arena.h) keeps it from working out how often one runs. */

static inline struct hfn_neighbours hfn_neighbours(const void *model, uint32_t offset, uint32_t *arena) {
    const struct hfn_topology *topology = hfn_in_model(model, offset);
    const void *base = topology->edges ? arena : model;
    const hfn_half *count = hfn_in_arena(arena, topology->count);
    struct hfn_neighbours found;
    found.degree = hfn_in_model(base, topology->degrees);
    found.end = found.degree + topology->slots;
    found.source = hfn_in_model(base, topology->sources);
    found.slots = topology->slots;
    found.nodes = topology->edges ? *count : topology->nodes;
    return found;
}

#endif
