/* Sixteen pixels in eight registers.
 *
 * Of each word of four pixels p0..p3, an even lane sums p0 + 2^16·p2 and an odd lane (word >> 8) = p1 + 2^8·p2 +
 * 2^16·p3: one AND less than masking both. Sums are exact modulo 2^32, so carries from one pixel into the next undo
 * themselves when the pixels are split from below. */
#ifndef HFN_LANES_H
#define HFN_LANES_H

#include "channel.h"

struct hfn_lanes {
    uint32_t even0, odd0, even1, odd1, even2, odd2, even3, odd3;
};

static inline struct hfn_lanes hfn_lanes(uint32_t even, uint32_t odd) {
    struct hfn_lanes l = {even, odd, even, odd, even, odd, even, odd};
    return l;
}

static inline struct hfn_lanes hfn_lanes_negate(struct hfn_lanes l) {
    struct hfn_lanes negative = {0u - l.even0, 0u - l.odd0, 0u - l.even1, 0u - l.odd1,
                                 0u - l.even2, 0u - l.odd2, 0u - l.even3, 0u - l.odd3};
    return negative;
}

/* Adds sixteen bytes, of words[0..3]. */
static inline struct hfn_lanes hfn_lanes_add(struct hfn_lanes l, uint32_t word0, uint32_t word1, uint32_t word2,
                                             uint32_t word3) {
    l.odd0 += word0 >> 8;
    l.even0 += word0 & 0x00FF00FFu;
    l.odd1 += word1 >> 8;
    l.even1 += word1 & 0x00FF00FFu;
    l.odd2 += word2 >> 8;
    l.even2 += word2 & 0x00FF00FFu;
    l.odd3 += word3 >> 8;
    l.even3 += word3 & 0x00FF00FFu;
    return l;
}

/* Offsets of bytes to add. From first to odd by two: bytes up to 127 can be added to each other before they are
 * widened. */
struct hfn_list {
    const hfn_half *first, *odd, *end;
};

static inline struct hfn_list hfn_list_paced(const hfn_half *first, const hfn_half *end, int has_sign, int pace) {
    struct hfn_list list = {first, has_sign ? first : end - ((end - first) & pace), end};
    return list;
}

static inline struct hfn_list hfn_list(const hfn_half *first, const hfn_half *end, int has_sign) {
    return hfn_list_paced(first, end, has_sign, HFN_PACE);
}

/* A function that adds the bytes at planes + offset and the 15 behind them, for every offset of the list, whose entries
 * count unit bytes and are pace halfwords apart. */
#define HFN_ADD_LIST(name, unit, pace)                                                                                 \
    static inline struct hfn_lanes name(struct hfn_lanes l, const uint8_t *planes, struct hfn_list list) {             \
        const hfn_half *at = list.first;                                                                               \
        for (; at != list.odd; at += 2 * (pace)) {                                                                     \
            const uint32_t *a = (const void *)(planes + (unit) * at[0]),                                               \
                           *b = (const void *)(planes + (unit) * at[(pace)]);                                          \
            l = hfn_lanes_add(l, a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]);                                  \
        }                                                                                                              \
        for (; at != list.end; at += (pace)) {                                                                         \
            const uint32_t *a = (const void *)(planes + (unit) * at[0]);                                               \
            l = hfn_lanes_add(l, a[0], a[1], a[2], a[3]);                                                              \
        }                                                                                                              \
        return l;                                                                                                      \
    }

HFN_ADD_LIST(hfn_lanes_add_list, 1, HFN_PACE)

/* REQUIRE each of the four in -32768..32767. The first is the even lane's lower half as a signed number, and what its
 * subtraction leaves is 2^16 times the third; the odd lane holds 2^8 times the third as well. */
static inline void hfn_lanes_split(uint32_t even, uint32_t odd, int32_t *pixels) {
    pixels[0] = (int16_t)even;
    pixels[2] = (int32_t)(even - (uint32_t)pixels[0]) >> 16;
    odd -= (uint32_t)pixels[2] << 8;
    pixels[1] = (int16_t)odd;
    pixels[3] = (int32_t)(odd - (uint32_t)pixels[1]) >> 16;
}

/* Adds them to 32-bit accumulators. */
static inline void hfn_lanes_drain(uint32_t even, uint32_t odd, int32_t *sums) {
    int32_t pixels[4];
    hfn_lanes_split(even, odd, pixels);
    sums[0] += pixels[0];
    sums[1] += pixels[1];
    sums[2] += pixels[2];
    sums[3] += pixels[3];
}

#endif
