/* Sums that three neighbouring output channels share.
 *
 * Of a tap that several keep, the pixels are added once for all. A tap is in one of 13 lists, by the signs of its three
 * weights; each list is split by the sign of its first weight that is not 0. The first two weights make four kinds:
 *
 *     alike + +, unlike + -, first + 0, second 0 +
 *
 * and each kind three lists: the third weight has the sign of the kind's, the other one, or is 0. The last list has
 * taps that only the third keeps. With K = K+ + K- + K0 of a kind K,
 *
 *     y0 = alike + unlike + first,  y1 = alike - unlike + second,  y2 = third + Σ (K+ - K-)
 *
 * Of masks of density d the lists have 1 - (1 - d)³ entries a tap where lists of each channel have 3d. */
#ifndef HFN_SHARED_H
#define HFN_SHARED_H

#include "channel.h"
#include "conv_supermask.h"

/* Whether the core has hfn_trio_narrow; others sum each channel by itself, RV32EC as it takes four kilobytes of code.
 */
#if HFN_SMALL || (HFN_ISA == HFN_ISA_C && defined(__riscv) && __riscv_xlen == 32)
#define HFN_SHARES 0
#else
#define HFN_SHARES (HFN_ISA == HFN_ISA_C || HFN_ISA == HFN_ISA_DSP)
#endif

enum { HFN_TRIO = 3, HFN_SPLITS = 13, HFN_LENGTHS = 2 * HFN_SPLITS };

/* A list whose entries of plus and minus are in turn: those that have a partner of the other sign, a word each, and
 * what is left of the longer kind, two halfwords apart. */
struct hfn_split {
    const hfn_half *rest, *rest_end, *both, *both_end;
    uint32_t is_minus; /* what is left */
};

/* Where a channel's outputs go, and how they come about. */
struct hfn_output {
    const int8_t *residual; /* or NULL */
    int32_t multiplier, offset;
    int8_t *y; /* NULL if there is no such channel */
};

struct hfn_trio {
    struct hfn_channel channel; /* what all three have in common */
    struct hfn_output output[HFN_TRIO];
    struct hfn_split split[HFN_SPLITS]; /* alike +, -, 0, then those of unlike, first, second; third */
    uint32_t *thread;                   /* room for assembly to write what a group does */
};

/* The channels of a band whose rows have no gap, of bytes up to 127, with 16-bit accumulators. The outputs are moved
 * on. */
void hfn_trio_narrow(struct hfn_trio *trio);

/* What three channels' masks are read from: a plain mask, the weights of the first from at on, of so many channels. */
struct hfn_masks {
    const uint32_t *kept;
    uint32_t key; /* of the sign stream */
    uint32_t at;
    uint32_t weights; /* of a channel */
    uint32_t channels;
};

/* Up to 32 weights, a bit each: those of plus and of minus of each channel, and all there are. */
struct hfn_tap_words {
    uint32_t sign[HFN_TRIO][2], all;
};

/* Appends the taps of these weights to the lists that end there. */
void hfn_shared_append(hfn_half **end, const struct hfn_tap_words *words, const uint16_t *offset, uint32_t base);

/* Builds lists, each in its room, and notes how long they are: entries of plus, then of minus. */
void hfn_build_shared(hfn_half *lists, const uint16_t *rooms, hfn_half *lengths, const struct hfn_masks *masks,
                      const struct hfn_taps *taps);

/* Sets the trio's lists, of these lengths. Returns where their room ends. */
hfn_half *hfn_split_lists(struct hfn_trio *trio, hfn_half *lists, const uint16_t *rooms, const hfn_half *lengths);

#endif
