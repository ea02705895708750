#include "requantise.h"

HFN_COLD struct hfn_scale hfn_scale(const void *model, const struct hfn_requantise *q, uint32_t channel) {
    struct hfn_scale scale = {
        hfn_multiplier(model, q, channel),
        hfn_offset(model, q, channel),
        (int32_t)((uint32_t)q->residual_multiplier << q->residual_shift),
        q->shift,
        q->lo,
    };
    return scale;
}
