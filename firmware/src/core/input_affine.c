#include "input_affine.h"

HFN_COLD void hfn_input_affine(const void *model, const struct hfn_input_affine *node, uint32_t *arena) {
    hfn_map_all(model, node, arena, 0);
}

HFN_COLD void hfn_input_affine_rows(const void *model, const struct hfn_input_affine *node,
                                    const struct hfn_ticks *ticks, uint32_t tick, uint32_t *arena) {
    hfn_map_rows(model, node, ticks, tick, arena, 0);
}

HFN_COLD uint32_t hfn_feed_affine(const void *model, const struct hfn_feed_affine *node, const struct hfn_ticks *ticks,
                                  const void *row, uint32_t *arena) {
    return hfn_map_row(model, node, ticks, row, arena, 0);
}
