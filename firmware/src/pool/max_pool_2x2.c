#include "max_pool_2x2.h"

void hfn_max_pool_2x2(const struct hfn_max_pool *node, uint32_t *arena) {
    struct hfn_span span;
    hfn_whole(&span, node->rows, node->x, (uint32_t)node->height * node->width, node->y,
              (uint32_t)node->rows * node->columns);
    hfn_pool_2x2(node, &span, arena);
}
