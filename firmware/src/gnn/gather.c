#include "gather.h"

#include "isa.h"

#if HFN_THUMB2 || HFN_ISA == HFN_ISA_V6M
HFN_ASSERT(gather_before, offsetof(struct hfn_gather, before) == HFN_GATHER_BEFORE);
HFN_ASSERT(gather_degree, offsetof(struct hfn_gather, degree) == HFN_GATHER_DEGREE);
HFN_ASSERT(gather_own, offsetof(struct hfn_gather, own) == HFN_GATHER_OWN);
HFN_ASSERT(gather_sums, offsetof(struct hfn_gather, sums) == HFN_GATHER_SUMS);
HFN_ASSERT(gather_end, offsetof(struct hfn_gather, end) == HFN_GATHER_END);
HFN_ASSERT(gather_weighted, offsetof(struct hfn_gather, weighted) == HFN_GATHER_WEIGHTED);
HFN_ASSERT(gather_whole, offsetof(struct hfn_gather, whole) == HFN_GATHER_WHOLE);
HFN_ASSERT(gather_half, offsetof(struct hfn_gather, half) == HFN_GATHER_HALF);
HFN_ASSERT(gather_shift, offsetof(struct hfn_gather, shift) == HFN_GATHER_SHIFT);
#else

void hfn_gather(struct hfn_gather *gather) {
    const hfn_half *before = gather->before, *degree = gather->degree;
    const uint32_t *const weighted = gather->weighted, *own = gather->own;
    const uint32_t shift = gather->shift;
    const int32_t half = gather->half;
    int32_t *sums = gather->sums;
    do {
        const uint32_t heard = *degree++;
        const hfn_half *at = before + heard;
        uint32_t low = own[0], high = own[1];
        uint32_t sum0 = 0u - (heard + 1) * HFN_GATHER_LIFT, sum1 = 0, sum2 = sum0, sum3 = 0;
        do { /* looks up at last what is before: a node, or a degree, below slots too */
            sum0 += low;
            sum1 += (uint32_t)((int32_t)low >> 16);
            sum2 += high;
            sum3 += (uint32_t)((int32_t)high >> 16);
            const uint32_t *const words = weighted + HFN_GATHER_WORDS * *at--;
            low = words[0];
            high = words[1];
            HFN_HIDE(before);
        } while (at >= before);
        sum0 -= sum1 << 16;
        sum2 -= sum3 << 16;
        const int32_t whole = gather->whole[heard];
        before += heard;
        own += HFN_GATHER_WORDS;
        sums[0] = (whole * (int32_t)sum0 + half) >> shift;
        sums[1] = (whole * (int32_t)sum1 + half) >> shift;
        sums[2] = (whole * (int32_t)sum2 + half) >> shift;
        sums[3] = (whole * (int32_t)sum3 + half) >> shift;
        sums += HFN_GATHER_CHANNELS;
    } while (sums != gather->end);
    gather->before = before;
    gather->degree = degree;
    gather->own = own;
}

#endif
