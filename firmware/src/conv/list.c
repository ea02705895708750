#include "list_words.h"

#if HFN_SMALL

HFN_BUILD_LISTS(hfn_build_lists, while)

#else

#if HFN_ISA != HFN_ISA_C
/* What list_thumb2.S, list_v6m.S and list_riscv.S know of the structs. */
HFN_ASSERT(key_at_8, offsetof(struct hfn_mask, key) == 8);
HFN_ASSERT(next_at_44, offsetof(struct hfn_mask, coat[0].next) == 44);
HFN_ASSERT(index_at_128, offsetof(struct hfn_mask, index) == 128);
HFN_ASSERT(left_at_132, offsetof(struct hfn_mask, left) == 132);
HFN_ASSERT(kept_at_136, offsetof(struct hfn_mask, kept) == 136);
HFN_ASSERT(minus_at_164, offsetof(struct hfn_mask, minus) == 164);
HFN_ASSERT(period_at_164, offsetof(struct hfn_taps, period) == 164);
HFN_ASSERT(step_at_168, offsetof(struct hfn_taps, step) == 168);
#endif

HFN_BUILD_LISTS(hfn_build_lists, if)

#if HFN_ISA == HFN_ISA_C
void hfn_build_plain_lists(struct hfn_channel *channel, struct hfn_mask *mask, const struct hfn_taps *taps,
                           uint32_t weights) {
    hfn_build_lists(channel, mask, taps, weights);
}
#endif

#endif
