#include "conv_shared.h"

#if HFN_SHARES

HFN_COLD void hfn_conv_shared(const void *model, const struct hfn_conv_shared *node, uint32_t *arena) {
    const struct hfn_planes planes = hfn_planes(&node->conv);
    hfn_run_shared(model, node, &planes, arena);
}

HFN_COLD void hfn_conv_shared_rows(const void *model, const struct hfn_conv_shared *node, const struct hfn_ticks *ticks,
                                   uint32_t tick, uint32_t *arena) {
    const struct hfn_planes planes = hfn_planes_of_rows(&node->conv, ticks, tick);
    if (planes.span.first != planes.span.end) {
        hfn_run_shared(model, node, &planes, arena);
    }
}

#else

HFN_COLD void hfn_conv_shared(const void *model, const struct hfn_conv_shared *node, uint32_t *arena) {
    hfn_conv_plain(model, &node->conv, arena);
}

HFN_COLD void hfn_conv_shared_rows(const void *model, const struct hfn_conv_shared *node, const struct hfn_ticks *ticks,
                                   uint32_t tick, uint32_t *arena) {
    hfn_conv_plain_rows(model, &node->conv, ticks, tick, arena);
}

#endif
