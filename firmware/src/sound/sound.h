/* What the files of the front end share: SPEC section 10. */
#ifndef HFN_SOUND_H
#define HFN_SOUND_H

#include "arena.h"
#include "edgehfn_sound.h"
#include "isa.h"

typedef int16_t __attribute__((__may_alias__)) hfn_sample;

/* The words that a state begins with. */
enum {
    HFN_HELD,  /* samples of the next frame that are there */
    HFN_NEXT,  /* the place of the next row, which is that of the oldest one */
    HFN_HEARD, /* runs since the start or the last class */
    HFN_TURN,  /* the place of the next run's outputs */
    HFN_COUNTERS
};

/* Bytes of a state before its rows: counters, the transform, the frame and the sample before it. */
static inline uint32_t hfn_rows_at(const struct hfn_sound *sound) {
    return 4 * HFN_COUNTERS + 6u * sound->points + 4;
}

/* times(x, w) = (x·w + 2^14) >> 15 for |x| <= 2^30 and w in 0..2^15. In two halves, each of whose products fits a word:
 * |x >> 16|·w <= 2^29, 65535·2^15 + 2^14 < 2^31. A product of 64 bits takes the same time whatever the factors where
 * there are DSP instructions; the Cortex-M3's ends early. */
static inline int32_t hfn_times(int32_t x, int32_t w) {
#if HFN_ISA == HFN_ISA_DSP || HFN_ISA == HFN_ISA_MVE
    return (int32_t)(((int64_t)x * w + (1 << 14)) >> 15);
#else
    return (x >> 16) * w * 2 + (((x & 0xFFFF) * w + (1 << 14)) >> 15);
#endif
}

/* A complex number in a transform. */
struct hfn_complex {
    int32_t re;
    int32_t im;
};

/* b by (c, -s). */
static inline struct hfn_complex hfn_turned(int32_t re, int32_t im, int32_t c, int32_t s) {
    const struct hfn_complex t = {hfn_times(re, c) + hfn_times(im, s), hfn_times(im, c) - hfn_times(re, s)};
    return t;
}

/* Steps 2 and 3 in place: of points / 2 numbers in the order of reversed bits to as many bins. */
void hfn_sound_transform(struct hfn_complex *z, uint32_t points, const uint16_t *wave);

/* Steps 4 to 6: a row from the bins. */
void hfn_sound_bands(const void *model, const struct hfn_sound *sound, const struct hfn_complex *x, uint8_t *row);

#endif
