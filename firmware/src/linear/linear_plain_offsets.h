/* struct hfn_block as assembly sees it; linear_plain.c asserts that it is so. */
#ifndef HFN_LINEAR_PLAIN_OFFSETS_H
#define HFN_LINEAR_PLAIN_OFFSETS_H

#define HFN_BLOCK_TABLES 0
#define HFN_BLOCK_SUMS 4
#define HFN_BLOCK_END 8
#define HFN_BLOCK_MASK 12
#define HFN_BLOCK_MASK_STEP 16
#define HFN_BLOCK_STATE 20
#define HFN_BLOCK_STATE_STEP 24

#endif
