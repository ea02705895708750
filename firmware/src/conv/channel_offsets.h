/* struct hfn_channel as assembly sees it; channel_narrow.c asserts that it is so. */
#ifndef HFN_CHANNEL_OFFSETS_H
#define HFN_CHANNEL_OFFSETS_H

#define CH_PLANES 0
#define CH_LIST 4
#define CH_PLUS_END 8
#define CH_MINUS 12
#define CH_LIST_END 16
#define CH_HAS_SIGN 20
#define CH_START 24
#define CH_MULTIPLIER 28
#define CH_OFFSET 32
#define CH_RATIO 36
#define CH_SHIFT 40
#define CH_LO 44
#define CH_PIXELS 48
#define CH_Y 52
#define CH_RESIDUAL 56
#define CH_COLUMN 60
#define CH_COLUMNS 64
#define CH_GAP 68
#define CH_OWN 72

#endif
