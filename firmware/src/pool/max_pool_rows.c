#include "max_pool.h"
#include "max_pool_2x2.h"

void hfn_max_pool_rows(const struct hfn_max_pool *node, const struct hfn_ticks *ticks, uint32_t tick, uint32_t *arena) {
    const struct hfn_span span = hfn_span(ticks, tick);
    hfn_pool(node, &span, arena);
}

void hfn_max_pool_2x2_rows(const struct hfn_max_pool *node, const struct hfn_ticks *ticks, uint32_t tick,
                           uint32_t *arena) {
    const struct hfn_span span = hfn_span(ticks, tick);
    hfn_pool_2x2(node, &span, arena);
}
