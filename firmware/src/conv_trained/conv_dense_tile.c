#include "conv_dense.h"
#include "tile_offsets.h"

#if HFN_CORE != HFN_ISA_C /* what conv_dense_*.S know of the structs */
HFN_ASSERT(to_at, offsetof(struct hfn_tile, to) == HFN_TILE_TO);
HFN_ASSERT(planes_at, offsetof(struct hfn_tile, planes) == HFN_TILE_PLANES);
HFN_ASSERT(taps_at, offsetof(struct hfn_tile, taps) == HFN_TILE_TAPS);
HFN_ASSERT(weights_at, offsetof(struct hfn_tile, weights) == HFN_TILE_WEIGHTS);
HFN_ASSERT(groups_at, offsetof(struct hfn_tile, groups) == HFN_TILE_GROUPS);
HFN_ASSERT(flip_at, offsetof(struct hfn_tile, flip) == HFN_TILE_FLIP);
HFN_ASSERT(period_at, offsetof(struct hfn_taps, period) == HFN_TAPS_PERIOD);
HFN_ASSERT(step_at, offsetof(struct hfn_taps, step) == HFN_TAPS_STEP);
#endif

#if HFN_ISA != HFN_ISA_DSP && HFN_ISA != HFN_ISA_V7M

void hfn_tile_outputs(const struct hfn_tile *tile, struct hfn_channel *channel, const int8_t *weight) {
    int32_t sums[4 * HFN_TILE];
    hfn_tile_sums(tile, sums, weight);
    hfn_store(channel, sums, 4 * tile->groups);
}

#endif

#if HFN_ISA_SMALL == HFN_ISA_C && (HFN_ISA == HFN_ISA_C || HFN_ISA == HFN_ISA_RV32)

void hfn_tile_fill(const struct hfn_tile *tile) {
    uint32_t *to = tile->to;
    const uint32_t period = tile->taps->period;
    for (uint32_t group = 0; group < tile->groups; group++) {
        const uint8_t *planes = tile->planes + 4 * group;
        for (uint32_t tap = 0, at = 0; at < tile->weights; at++, to += 4) {
            const uint8_t *from = planes + tile->taps->offset[tap];
            for (uint32_t pixel = 0; pixel < 4; pixel++) {
                to[pixel] = (uint32_t)(int32_t)(int8_t)(from[pixel] ^ (tile->flip & 0xFF));
            }
            if (++tap == period) {
                tap = 0;
                planes += tile->taps->step;
            }
        }
    }
}

#if HFN_ISA == HFN_ISA_C

void hfn_tile_sums(const struct hfn_tile *tile, int32_t *sums, const int8_t *weight) {
    const int32_t *x = (const void *)tile->to;
    for (const int32_t *end = sums + 4 * tile->groups; sums != end; sums += 4) {
        int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        for (uint32_t at = 0; at < tile->weights; at++, x += 4) {
            s0 += weight[at] * x[0];
            s1 += weight[at] * x[1];
            s2 += weight[at] * x[2];
            s3 += weight[at] * x[3];
        }
        sums[0] = s0;
        sums[1] = s1;
        sums[2] = s2;
        sums[3] = s3;
    }
}

#endif

#endif
