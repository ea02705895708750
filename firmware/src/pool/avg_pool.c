#include "isa.h"
#include "requantise.h"

#if HFN_ISA == HFN_ISA_MVE

#include <arm_mve.h>

static inline int32_t hfn_avg_pool_total(const int8_t *x, uint32_t count) {
    int32_t sum = 0;
    for (const int8_t *end = x + count; x < end; x += 16) {
        mve_pred16_t inside = vctp8q((uint32_t)(end - x));
        sum = vaddvaq_p_s8(sum, vldrbq_z_s8(x, inside), inside);
    }
    return sum;
}

#else

enum { HFN_AVG_RUN = 512 }; /* bytes up to 255 that two 16-bit lanes can sum */

static inline int32_t hfn_avg_pool_total(const int8_t *x, uint32_t count) {
    int32_t sum = 0;
    if (count % 4 == 0 &&
        count <= HFN_AVG_RUN) { /* then x, which lies so many bytes from a tensor's start, is aligned */
        uint32_t lanes = 0;
        for (const uint32_t *word = (const void *)x, *end = word + count / 4; word != end; word++) {
            uint32_t above = *word ^ 0x80808080u; /* x + 128 */
            lanes += (above & 0x00FF00FFu) + (above >> 8 & 0x00FF00FFu);
        }
        return (int32_t)((lanes & 0xFFFFu) + (lanes >> 16)) - 128 * (int32_t)count;
    }
    for (uint32_t i = 0; i < count; i++) {
        sum += x[i];
    }
    return sum;
}

#endif

/* REQUIRE multiplier·127·pixels + (2^shift >> 1) < 2^31 (R1). */
HFN_COLD void hfn_avg_pool(const struct hfn_avg_pool *node, uint32_t *arena) {
    const int8_t *x = hfn_in_arena(arena, node->x);
    int8_t *y = hfn_in_arena(arena, node->y);
    for (uint32_t c = 0; c < node->channels; c++, x += node->pixels) {
        int32_t t =
            (node->multiplier * hfn_avg_pool_total(x, node->pixels) + (int32_t)(1u << node->shift >> 1)) >> node->shift;
        y[c] = (int8_t)hfn_clamp(t, node->lo);
    }
}
