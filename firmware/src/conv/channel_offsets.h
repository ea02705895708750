/* struct hfn_channel as assembly sees it; channel_narrow.c asserts that it is so. */
#ifndef HFN_CHANNEL_OFFSETS_H
#define HFN_CHANNEL_OFFSETS_H

#define HFN_CH_PLANES 0
#define HFN_CH_LIST 4
#define HFN_CH_PLUS_END 8
#define HFN_CH_MINUS 12
#define HFN_CH_LIST_END 16
#define HFN_CH_HAS_SIGN 20
#define HFN_CH_START 24
#define HFN_CH_MULTIPLIER 28
#define HFN_CH_OFFSET 32
#define HFN_CH_RATIO 36
#define HFN_CH_SHIFT 40
#define HFN_CH_LO 44
#define HFN_CH_PIXELS 48
#define HFN_CH_Y 52
#define HFN_CH_RESIDUAL 56
#define HFN_CH_COLUMN 60
#define HFN_CH_COLUMNS 64
#define HFN_CH_GAP 68
#define HFN_CH_OWN 72

/* struct hfn_trio; shared.c asserts it. */
#define HFN_TRIO_OUTPUT 104
#define HFN_TRIO_SPLIT 152
#define HFN_TRIO_THREAD 412

#endif
