/* hfn_store_row for Thumb-2: store.c bit for bit, where flash is spared. */
#include "asm.h"
#include "channel_offsets.h"
#include "isa.h"

#if HFN_ISA_SMALL >= HFN_ISA_V7M

    /* (channel r0, sums r1, count r2): m in r3, the offset in r4, the residual's factor in r5, s in r6, lo in r7, y in r8
     * up to r2, the residual's distance from it in lr. Without a residual the factor is 0, and y's old bytes do for it. */
    function hfn_store_row
    push {r4-r9, lr}
    add r3, r0, #HFN_CH_MULTIPLIER
    ldm r3, {r3-r7} /* and OFFSET, RATIO, SHIFT, LO */
    ldrd r8, lr, [r0, #HFN_CH_Y] /* and RESIDUAL */
    add r2, r2, r8
    cmp lr, #0
    itee ne
    subne lr, lr, r8
    moveq r5, #0
    moveq lr, #0
1:  ldr r12, [r1], #4
    ldrsb r9, [r8, lr]
    mla r12, r12, r3, r4
    mla r12, r9, r5, r12
    asr r12, r12, r6
    ssat r12, #8, r12
    cmp r12, r7
    it lt
    movlt r12, r7
    strb r12, [r8], #1
    cmp r8, r2
    bne 1b
    str r8, [r0, #HFN_CH_Y]
    ldr r9, [r0, #HFN_CH_RESIDUAL]
    cmp r9, #0
    itt ne
    addne r8, r8, lr
    strne r8, [r0, #HFN_CH_RESIDUAL]
    pop {r4-r9, pc}
    .size hfn_store_row, . - hfn_store_row

#endif
