#include "bits.h"
#include "depthwise.h"
#include "mask.h"

/* The next weights of a mask, a byte each. */
static void hfn_unmask(int8_t *to, struct hfn_mask *mask, uint32_t count) {
    const uint32_t coats = mask->weight->coats;
    for (uint32_t taken; count; count -= taken) {
        taken = hfn_mask_ready(mask, count);
        for (uint32_t i = 0; i < taken; i++) {
            int32_t weight = 0;
            for (uint32_t coat = 0; coat < coats; coat++) {
                weight += (int32_t)(mask->kept[coat] >> i & 1);
            }
            const int32_t minus = -(int32_t)(mask->minus >> i & 1);
            *to++ = (int8_t)((weight ^ minus) - minus);
        }
        hfn_mask_take(mask, coats, taken);
    }
}

HFN_COLD void hfn_depthwise_supermask(const void *model, const struct hfn_depthwise *node, uint32_t *arena) {
    struct hfn_frame frame;
    struct hfn_mask mask;
    hfn_frame_open(&frame, node, arena);
    hfn_mask_open(&mask, model, node->weight);
    for (uint32_t channel = 0; channel < node->requantise.channels; channel++) {
        hfn_unmask(frame.weights, &mask, frame.taps);
        hfn_frame_run(&frame, model, node, arena, channel, frame.weights);
    }
}
