/* Sparse features times a weight, some channels at a time: for each group of channels, the weight of every feature, a
 * lane each in a word, then sums over features for every node in such words.
 *
 * Sums in lanes are exact modulo 2^32: a lane's borrow from the next is undone when they are split from below. REQUIRE
 * each sum to fit its lane: 8 bits for four channels, 16 for two, 32 for one. */
#ifndef HFN_SPARSE_LINEAR_H
#define HFN_SPARSE_LINEAR_H

#include "arena.h"

static inline uint32_t hfn_sparse_width(const struct hfn_sparse_linear *node) {
    return 32u >> node->lanes / 2u; /* of 1, 2 or 4 */
}

/* The channels of the group that starts at an output. */
static inline uint32_t hfn_sparse_count(const struct hfn_sparse_linear *node, uint32_t output) {
    const uint32_t left = node->requantise.channels - output;
    return left < node->lanes ? left : node->lanes;
}

/* Sets the weights of a group to 0; returns them. */
uint32_t *hfn_sparse_open(const struct hfn_sparse_linear *node, uint32_t *arena);

/* Sums with these weights, and rounds to the group's channels. */
void hfn_sparse_close(const void *model, const struct hfn_sparse_linear *node, uint32_t *arena, uint32_t output);

#endif
