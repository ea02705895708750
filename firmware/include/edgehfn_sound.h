/* The front end for sound: samples in, rows of bytes out, as docs/SPEC.md section 10 has them. edgehfn.h includes it.
 *
 * The state is a caller's array of words, HFN_SOUND_STATE bytes of it. What is in it is private. */
#ifndef EDGEHFN_SOUND_H
#define EDGEHFN_SOUND_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a state, a multiple of 4: four counters, a transform of points words, a frame of samples with one before it,
 * rows, and outputs of runs. */
#define HFN_SOUND_STATE(points, rows, bands, average, classes)                                                         \
    ((23u + 6u * (points) + (uint32_t)(rows) * (bands) + (uint32_t)(average) * (classes)) / 4 * 4)

/* 32 bytes. */
struct hfn_sound {
    uint32_t wave;     /* model offset of points / 4 + 1 uint16_t: a quarter of a sine, 0..32768 */
    uint32_t starts;   /* model offset of bands + 2 uint16_t: where bands begin, peak and end, in bins, 0..points / 2 */
    uint32_t weights;  /* model offset of a uint16_t for each bin from the first start to the last, 0..4096 */
    uint16_t points;   /* samples of a frame: 128, 256, 512 or 1024 */
    uint16_t hop;      /* samples to the next one: 1..points */
    uint16_t rows;     /* that are kept: 1..65535 */
    uint16_t bands;    /* bytes of a row: 1..128 */
    uint16_t emphasis; /* 64ths of the sample before that are taken off: 0..64 */
    int16_t offset;    /* 256ths of an octave of power: the logarithm that becomes 0 */
    uint16_t multiplier; /* 1..255 */
    uint16_t shift;      /* 0..15 */
    uint16_t average;    /* runs that a decision is made of: 1..16 */
    uint16_t classes;    /* that the net tells apart: 1..65535 */
};

/* Silence: all samples and rows so far are 0. */
void hfn_sound_start(const struct hfn_sound *sound, uint32_t *state);

/* Any number of samples. Returns how many rows they completed. It executes the same instructions whatever the samples;
 * how many depends on the rows that are completed. */
uint32_t hfn_sound_feed(const void *model, const struct hfn_sound *sound, uint32_t *state, const int16_t *samples,
                        uint32_t count);

/* Copies the last rows, the oldest first: rows * bands bytes. */
void hfn_sound_window(const struct hfn_sound *sound, const uint32_t *state, uint8_t *to);

/* Takes the outputs of a run, one for each class, and decides over the last runs. Returns the class, or -1: none. A
 * class is heard where its outputs exceed those of every other one by its threshold or more, on the average, in steps
 * of the output. Then it takes as many new runs until one is heard again. */
int hfn_sound_decide(const struct hfn_sound *sound, uint32_t *state, const int8_t *outputs, const uint8_t *thresholds);

#ifdef __cplusplus
}
#endif

#endif
