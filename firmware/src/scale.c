#include "requantise.h"

/* Shifts are of unsigned words, as that of a negative bias would be undefined; by R1 the results are below 2^31 in
 * magnitude. */
struct hfn_scale hfn_scale(const void *model, const struct hfn_requantise *q, uint32_t channel) {
    const void *biases = hfn_in_model(model, q->bias);
    const int8_t *multipliers = hfn_in_model(model, q->multiplier);
    int32_t bias = q->bias_bytes == 1 ? ((const int8_t *)biases)[channel] : ((const int16_t *)biases)[channel];
    struct hfn_scale scale = {
        multipliers[channel],
        (int32_t)(((uint32_t)bias << q->bias_shift) + (1u << q->shift >> 1)),
        (int32_t)((uint32_t)q->residual_multiplier << q->residual_shift),
        q->shift,
        q->lo,
    };
    return scale;
}
