#include "depthwise.h"

HFN_COLD void hfn_depthwise_dense(const void *model, const struct hfn_depthwise *node, uint32_t *arena) {
    const int8_t *values = hfn_in_model(model, node->weight);
    struct hfn_frame frame;
    hfn_frame_open(&frame, node, arena);
    for (uint32_t channel = 0; channel < node->requantise.channels; channel++, values += frame.taps) {
        hfn_frame_run(&frame, model, node, arena, channel, values);
    }
}
