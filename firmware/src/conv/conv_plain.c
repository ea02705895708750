#include "conv_supermask.h"
#include "generator.h"

#if HFN_SMALL

HFN_COLD void hfn_conv_plain(const void *model, const struct hfn_conv *node, uint32_t *arena) {
    hfn_conv_narrow(model, node, arena);
}

HFN_COLD void hfn_conv_plain_rows(const void *model, const struct hfn_conv *node, const struct hfn_ticks *ticks,
                                  uint32_t tick, uint32_t *arena) {
    hfn_conv_narrow_rows(model, node, ticks, tick, arena);
}

#else

/* hfn_mask_open for a plain mask. */
static void open(struct hfn_mask *mask, const void *model, uint32_t weight) {
    const struct hfn_supermask *stored = hfn_in_model(model, weight);
    mask->weight = stored;
    mask->signs = NULL;
    mask->key = hfn_word(stored->key, HFN_SIGN_STREAM);
    mask->coat[0].next = hfn_in_model(model, stored->mask);
    mask->index = 0;
    mask->left = 0;
}

HFN_COLD static void run(const void *model, const struct hfn_conv *node, const struct hfn_planes *planes,
                         uint32_t *arena) {
    hfn_conv_supermask(model, node, planes, arena, hfn_taps, open, hfn_build_plain_lists, hfn_channel_narrow);
}

HFN_CONV(hfn_conv_plain)

#endif
