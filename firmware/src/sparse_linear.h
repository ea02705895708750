/* What supermask and dense weights of sparse features share: a channel's sums over all nodes, a feature at a time. */
#ifndef HFN_SPARSE_LINEAR_H
#define HFN_SPARSE_LINEAR_H

#include "requantise.h"

void hfn_sparse_clear(const struct hfn_sparse_linear *node, uint32_t *arena);

/* Adds a weight times a feature to the sums of the nodes that have it. REQUIRE |sum| < 2^31 (SPEC section 5.3). */
void hfn_sparse_add(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena, uint32_t feature,
                    int32_t weight);

/* Rounds the sums to an output channel. */
void hfn_sparse_store(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena, uint32_t output);

#endif
