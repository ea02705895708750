/* struct hfn_tile and the end of struct hfn_taps as assembly sees them; conv_dense.c asserts that they are so. */
#ifndef HFN_TILE_OFFSETS_H
#define HFN_TILE_OFFSETS_H

#define HFN_TILE_TO 0
#define HFN_TILE_PLANES 4
#define HFN_TILE_TAPS 8
#define HFN_TILE_WEIGHTS 12
#define HFN_TILE_GROUPS 16
#define HFN_TILE_FLIP 20
#define HFN_TAPS_PERIOD 164
#define HFN_TAPS_STEP 168

#endif
