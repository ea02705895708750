#include "sound.h"

/* z[p] and z[p + h] from them and t. */
static inline void hfn_sound_butterfly(struct hfn_complex *a, struct hfn_complex *b, int32_t re, int32_t im) {
    b->re = a->re - re;
    b->im = a->im - im;
    a->re += re;
    a->im += im;
}

/* The step of h = 1, whose factor is 1. */
static void hfn_sound_pairs(struct hfn_complex *z, const struct hfn_complex *end) {
    for (; z != end; z += 2) {
        hfn_sound_butterfly(z, z + 1, z[1].re, z[1].im);
    }
}

/* A step: the factor of j serves j + h / 2 as well, whose product is turned by a right angle. Stride is half / h, which
 * some cores cannot divide. */
static void hfn_sound_step(struct hfn_complex *z, uint32_t half, uint32_t h, uint32_t stride, const uint16_t *wave) {
    const uint32_t turn = h / 2;
    for (uint32_t j = 0; j < turn; j++) {
        const int32_t c = wave[half / 2 - j * stride], s = wave[j * stride];
        for (struct hfn_complex *a = z + j, *end = a + half; a != end; a += 2 * h) {
            struct hfn_complex *b = a + h;
            const struct hfn_complex t = hfn_turned(b->re, b->im, c, s);
            hfn_sound_butterfly(a, b, t.re, t.im);
            const struct hfn_complex u = hfn_turned(b[turn].re, b[turn].im, c, s);
            hfn_sound_butterfly(a + turn, b + turn, u.im, -u.re);
        }
    }
}

/* From the transform of pairs to that of samples, twice as large: k and half - k, which are one number for k = half / 2
 * and bin 0 alone for k = 0. */
static void hfn_sound_spectrum(struct hfn_complex *z, uint32_t half, const uint16_t *wave) {
    for (uint32_t k = 0; k <= half / 2; k++) {
        struct hfn_complex *y = z + k, *other = z + ((half - k) & (half - 1));
        const int32_t re = y->re - other->re, im = y->im + other->im;
        const int32_t even_re = y->re + other->re, even_im = y->im - other->im;
        const int32_t c = wave[half / 2 - k], s = wave[k];
        const int32_t odd_re = hfn_times(im, c) - hfn_times(re, s), odd_im = hfn_times(re, c) + hfn_times(im, s);
        y->re = even_re + odd_re;
        y->im = even_im - odd_im;
        if (k) {
            other->re = even_re - odd_re;
            other->im = -even_im - odd_im;
        }
    }
}

void hfn_sound_transform(struct hfn_complex *z, uint32_t points, const uint16_t *wave) {
    const uint32_t half = points / 2;
    hfn_sound_pairs(z, z + half);
    for (uint32_t h = 2, stride = half / 2; h < half; h *= 2, stride /= 2) {
        hfn_sound_step(z, half, h, stride, wave);
    }
    hfn_sound_spectrum(z, half, wave);
}
