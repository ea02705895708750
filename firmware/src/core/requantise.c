#include "requantise.h"

int8_t hfn_requantise(const void *model, const struct hfn_requantise *q, uint32_t channel, int32_t sum) {
    const struct hfn_scale scale = hfn_scale(model, q, channel);
    return (int8_t)hfn_clamp((scale.multiplier * sum + scale.offset) >> scale.shift, scale.lo);
}
