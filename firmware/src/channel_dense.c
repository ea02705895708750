#include "conv_dense.h"

/* Adds Σ weight·byte for four pixels. Planes take less than 2^16 bytes, so there are fewer taps than that, and no
 * partial sum of start + Σ weight·(x + 128) passes 2^16·127·128 < 2^31. Not inlined, as its loop takes every register.
 */
__attribute__((__noinline__)) static void add(int32_t *sums, const uint8_t *planes, const uint16_t *offset,
                                              const int8_t *weight, const int8_t *end) {
    int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    for (; weight != end; weight++, offset++) {
        const uint32_t word = *(const uint32_t *)(const void *)(planes + *offset);
        s0 += *weight * (int32_t)(word & 0xFF);
        s1 += *weight * (int32_t)(word >> 8 & 0xFF);
        s2 += *weight * (int32_t)(word >> 16 & 0xFF);
        s3 += *weight * (int32_t)(word >> 24);
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

void hfn_channel_dense(struct hfn_channel *channel, const struct hfn_taps *taps, const int8_t *weight,
                       uint32_t weights) {
    int32_t sums[HFN_GROUP];
    const uint8_t *planes = channel->planes;
    for (uint32_t left = channel->pixels, count; left; left -= count) {
        count = left < HFN_GROUP ? left : HFN_GROUP;
        for (uint32_t i = 0; i < count; i++) {
            sums[i] = channel->start;
        }
        for (uint32_t i = 0; i < count; i += 4, planes += 4) {
            for (uint32_t at = 0, base = 0; at < weights; at += taps->period, base += taps->step) {
                uint32_t period = weights - at < taps->period ? weights - at : taps->period;
                add(sums + i, planes + base, taps->offset, weight + at, weight + at + period);
            }
        }
        hfn_store(channel, sums, count);
    }
}

int32_t hfn_total(const int8_t *weight, uint32_t weights) {
    int32_t sum = 0;
    for (uint32_t i = 0; i < weights; i++) {
        sum += weight[i];
    }
    return sum;
}
