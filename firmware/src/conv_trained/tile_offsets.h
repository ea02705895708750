/* struct hfn_tile and the end of struct hfn_taps as assembly sees them; conv_dense.c asserts that they are so. */
#ifndef HFN_TILE_OFFSETS_H
#define HFN_TILE_OFFSETS_H

#define TILE_TO 0
#define TILE_PLANES 4
#define TILE_TAPS 8
#define TILE_WEIGHTS 12
#define TILE_GROUPS 16
#define TILE_FLIP 20
#define TAPS_PERIOD 164
#define TAPS_STEP 168

#endif
