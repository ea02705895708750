/* struct hfn_block as assembly sees it; linear_plain.c asserts that it is so. */
#ifndef HFN_LINEAR_PLAIN_OFFSETS_H
#define HFN_LINEAR_PLAIN_OFFSETS_H

#define BLOCK_TABLES 0
#define BLOCK_SUMS 4
#define BLOCK_END 8
#define BLOCK_MASK 12
#define BLOCK_MASK_STEP 16
#define BLOCK_STATE 20
#define BLOCK_STATE_STEP 24

#endif
