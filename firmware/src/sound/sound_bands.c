#include "sound.h"

#define HFN_WHOLE 4096 /* a bin's weight in the two bands that it belongs to */

/* The number n of the highest bit of a number, 0 of 0 and 1, without branches: 2^n <= number < 2^(n+1). */
static uint32_t hfn_highest(uint32_t number) {
    uint32_t n = 0;
    for (uint32_t step = 16; step; step >>= 1) {
        const int32_t above = (int32_t)(number >> step); /* below 2^31 */
        const uint32_t by = (uint32_t)hfn_sign(-above) & step;
        n += by;
        number >>= by;
    }
    return n;
}

/* A part's bits, but for those of its sign. */
static inline uint32_t hfn_magnitude(int32_t part) {
    return (uint32_t)(part ^ hfn_sign(part));
}

/* The share of a power in 16 bits, of parts that f has brought into 16 bits. */
static inline uint32_t hfn_power(const struct hfn_complex *x, uint32_t f) {
    const int32_t re = x->re >> f, im = x->im >> f; /* squares up to 2^30 each */
    return ((uint32_t)(re * re) + (uint32_t)(im * im) + (1u << 15)) >> 16;
}

/* Eight bits of the logarithm of a number with y / 2^15 in 1..2: squares are below 2^32. */
static uint32_t hfn_fraction(uint32_t y) {
    uint32_t fraction = 0;
    for (uint32_t i = 8; i; i--) {
        const uint32_t square = y * y, bit = square >> 31;
        y = square >> (15 + bit);
        fraction = 2 * fraction + bit;
    }
    return fraction;
}

/* Steps 4 and 5. origin: the bin of the first weight. */
static int32_t hfn_band(const struct hfn_complex *x, const uint16_t *starts, const uint16_t *weights, uint32_t origin) {
    const uint32_t first = starts[0], middle = starts[1], last = starts[2];
    uint32_t ones = 0, power = 0;
    for (uint32_t k = first; k < last; k++) {
        ones |= hfn_magnitude(x[k].re) | hfn_magnitude(x[k].im);
    }
    const int32_t over = (int32_t)hfn_highest(ones) - 14;
    const uint32_t f = (uint32_t)(over & ~hfn_sign(over));
    for (uint32_t k = first; k < middle; k++) {
        power += hfn_power(x + k, f) * weights[k - origin];
    }
    for (uint32_t k = middle; k < last; k++) {
        power += hfn_power(x + k, f) * (HFN_WHOLE - (uint32_t)weights[k - origin]);
    }
    power += 1u - ((power | (0u - power)) >> 31); /* 0 becomes 1 */
    const uint32_t n = hfn_highest(power);
    return (int32_t)(512 * f + 256 * n + hfn_fraction(power << (31 - n) >> 16));
}

void hfn_sound_bands(const void *model, const struct hfn_sound *sound, const struct hfn_complex *x, uint8_t *row) {
    const uint16_t *starts = hfn_in_model(model, sound->starts), *weights = hfn_in_model(model, sound->weights);
    const uint32_t first = starts[0];
    const int32_t half = 1 << sound->shift >> 1;
    for (uint32_t band = 0; band < sound->bands; band++) {
        int32_t level = hfn_band(x, starts + band, weights, first);
        level = ((level - sound->offset) * sound->multiplier + half) >> sound->shift;
        level &= ~hfn_sign(level);
        row[band] = (uint8_t)(level | hfn_sign(255 - level));
    }
}
