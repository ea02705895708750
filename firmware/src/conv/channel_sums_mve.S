/* hfn_channel_sums for Helium (Armv8.1-M with integer vectors): channel_sums_thumb2.S in fewer bytes.
 *
 * Sixteen pixels in eight lanes of q0 and q1: of each two pixels p0, p1 q0 sums p0 + 2^8·p1, which is how two bytes lie in
 * a lane anyway, and q1 p1. Lanes wrap. Bytes up to 127 are added to each other in pairs before. */
#include "asm.h"
#include "channel_offsets.h"
#include "isa.h"

#if HFN_ISA_SMALL == HFN_ISA_MVE

    .macro widen
    vadd.i16 q0, q0, q2
    vshr.u16 q2, q2, #8
    vadd.i16 q1, q1, q2
    .endm

    function hfn_channel_sums
    push {r4-r7, lr}
    ldrd r3, r12, [r0, #HFN_CH_HAS_SIGN] /* and START */
    rsb r12, r12, #0
    vdup.16 q1, r12
    add r12, r12, r12, lsl #8
    vdup.16 q0, r12
    add r4, r0, #HFN_CH_MINUS - HFN_CH_LIST /* minus first, then what there is is negated */
1:  ldrd r5, r6, [r4, #HFN_CH_LIST]
    subs r6, r6, r5
    lsrs r7, r6, #1 /* entries by themselves */
    lsrs r6, r6, #2 /* pairs */
    cbz r3, 2f
    movs r6, #0
    b 3f
2:  and r7, r7, #1
3:  wls lr, r7, 5f
4:  ldrh r12, [r5], #2
    add r12, r1
    vldrw.u32 q2, [r12]
    widen
    le lr, 4b
5:  wls lr, r6, 7f
6:  ldr r12, [r5], #4
    uxtah r7, r1, r12
    uxtah r12, r1, r12, ror #16
    vldrw.u32 q2, [r7]
    vldrw.u32 q3, [r12]
    vadd.i8 q2, q2, q3
    widen
    le lr, 6b
7:  cmp r4, r0
    beq 8f
    vneg.s16 q0, q0
    vneg.s16 q1, q1
    mov r4, r0
    b 1b
8:  vshl.i16 q2, q1, #8
    vsub.i16 q0, q0, q2
    vmovlt.s16 q2, q0
    vmovlb.s16 q0, q0
    vmovlt.s16 q3, q1
    vmovlb.s16 q1, q1
    vst40.32 {q0, q1, q2, q3}, [r2]
    vst41.32 {q0, q1, q2, q3}, [r2]
    vst42.32 {q0, q1, q2, q3}, [r2]
    vst43.32 {q0, q1, q2, q3}, [r2]
    pop {r4-r7, pc}
    .size hfn_channel_sums, . - hfn_channel_sums

#endif
