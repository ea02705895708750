#include "fill.h"
#include "sound.h"

/* A state, part by part. */
struct hfn_hearing {
    uint32_t *held; /* samples of the next frame that are there */
    uint32_t *next; /* the place of the next row, which is that of the oldest one */
    struct hfn_complex *spectrum;
    hfn_sample *samples; /* of the frame, behind the one before it */
    uint8_t *rows;
};

static struct hfn_hearing hfn_hearing(const struct hfn_sound *sound, uint32_t *state) {
    const uint32_t points = sound->points;
    uint32_t *samples = state + HFN_COUNTERS + points;
    const struct hfn_hearing parts = {state + HFN_HELD, state + HFN_NEXT, (void *)(state + HFN_COUNTERS),
                                      (void *)samples, (uint8_t *)state + hfn_rows_at(sound)};
    return parts;
}

HFN_COLD void hfn_sound_start(const struct hfn_sound *sound, uint32_t *state) {
    hfn_fill(state,
             state + HFN_SOUND_STATE(sound->points, sound->rows, sound->bands, sound->average, sound->classes) / 4, 0);
}

/* w of SPEC section 10, step 1, times 2^g: 0..2^16. */
static inline uint32_t hfn_hann(const uint16_t *wave, uint32_t n, uint32_t quarter) {
    const uint32_t from = n <= 2 * quarter ? n : 4 * quarter - n;
    return from <= quarter ? 32768u - wave[quarter - from] : 32768u + wave[from - quarter];
}

/* Steps 1 to 6. */
static void hfn_sound_row(const void *model, const struct hfn_sound *sound, const struct hfn_hearing *at) {
    const uint16_t *wave = hfn_in_model(model, sound->wave);
    const uint32_t points = sound->points, narrow = points > 256 ? 1 + points / 512 : 1; /* g of 512 and 1024: 2, 3 */
    const hfn_sample *x = at->samples;
    uint32_t to = 0;
    for (uint32_t n = 0; n < points; n += 2) {
        int32_t pair[2];
        for (uint32_t i = 0; i < 2; i++) {
            const int32_t e = 64 * x[n + i + 1] - sound->emphasis * x[n + i];
            pair[i] = hfn_times(e, (int32_t)(hfn_hann(wave, n + i, points / 4) >> narrow));
        }
        at->spectrum[to].re = pair[0];
        at->spectrum[to].im = pair[1];
        uint32_t bit = points / 4; /* counts up with its bits from back to front */
        for (; to & bit; bit >>= 1) {
            to ^= bit;
        }
        to ^= bit;
    }
    hfn_sound_transform(at->spectrum, points, wave);
    hfn_sound_bands(model, sound, at->spectrum, at->rows + *at->next * sound->bands);
    const uint32_t next = *at->next + 1;
    *at->next = next & (uint32_t)hfn_sign((int32_t)next - sound->rows); /* behind the last place comes the first */
}

uint32_t hfn_sound_feed(const void *model, const struct hfn_sound *sound, uint32_t *state, const int16_t *samples,
                        uint32_t count) {
    const struct hfn_hearing at = hfn_hearing(sound, state);
    const uint32_t points = sound->points, hop = sound->hop;
    uint32_t made = 0, held = *at.held;
    for (; count; count--) {
        at.samples[++held] = *samples++;
        if (held == points) {
            hfn_sound_row(model, sound, &at);
            held -= hop;
            for (uint32_t i = 0; i <= held; i++) {
                at.samples[i] = at.samples[i + hop];
            }
            made++;
        }
    }
    *at.held = held;
    return made;
}

HFN_COLD void hfn_sound_window(const struct hfn_sound *sound, const uint32_t *state, uint8_t *to) {
    const uint32_t bands = sound->bands, size = sound->rows * bands;
    const uint8_t *rows = (const uint8_t *)state + hfn_rows_at(sound);
    uint32_t from = state[HFN_NEXT] * bands;
    for (uint32_t left = size; left; left--) {
        *to++ = rows[from++];
        if (from == size) {
            from = 0;
        }
    }
}
