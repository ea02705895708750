/* conv_dense.h for Helium. */
#include "asm.h"
#include "isa.h"
#include "tile_offsets.h"

#if HFN_ISA == HFN_ISA_MVE

    /* (tile r0): planes and what periods add in r1, the next tap in r2, taps to come in r3, where a pixel's taps go in
     * r0, r4, r5, r6, eight at a time. Lanes behind the last tap read nothing, and what they write decides nothing. */
    function hfn_tile_fill
    push {r4-r11, lr}
    ldr r12, [r0, #HFN_TILE_FLIP]
    lsr r12, r12, #24
    vdup.16 q3, r12
    ldr r12, [r0, #HFN_TILE_TAPS]
    ldr r1, [r12, #HFN_TAPS_PERIOD]
    add lr, r12, r1, lsl #1
    ldr r11, [r0, #HFN_TILE_WEIGHTS]
    ldr r10, [r0, #HFN_TILE_GROUPS]
    ldr r1, [r0, #HFN_TILE_PLANES]
    ldr r0, [r0, #HFN_TILE_TO]
    push {r1, r10}
1:  ldr r1, [sp]
    mov r2, r12
    mov r3, r11
    add r10, r11, #15
    bic r10, r10, #15
    add r4, r0, r10
    add r5, r4, r10
    add r6, r5, r10
    add r10, r10, r6 /* the next group */
2:  add r7, r1, #1
    add r8, r1, #2
    add r9, r1, #3
    vctp.16 r3
    vpst
    vldrht.u16 q0, [r2]
    vpstt
    vldrbt.u16 q1, [r1, q0]
    vldrbt.u16 q2, [r7, q0]
    veor q1, q1, q3
    veor q2, q2, q3
    vstrb.16 q1, [r0], #8
    vstrb.16 q2, [r4], #8
    vpstt
    vldrbt.u16 q1, [r8, q0]
    vldrbt.u16 q2, [r9, q0]
    veor q1, q1, q3
    veor q2, q2, q3
    vstrb.16 q1, [r5], #8
    vstrb.16 q2, [r6], #8
    add r2, r2, #16
    cmp r2, lr
    blo 3f
    ldrd r7, r8, [r12, #HFN_TAPS_PERIOD] /* and STEP */
    sub r2, r2, r7, lsl #1
    add r1, r1, r8
3:  subs r3, r3, #8
    bgt 2b
    mov r0, r10
    ldrd r1, r10, [sp]
    add r1, r1, #4
    subs r10, r10, #1
    strd r1, r10, [sp]
    bne 1b
    add sp, #8
    pop {r4-r11, pc}
    .size hfn_tile_fill, . - hfn_tile_fill

    /* (tile r0, sums r1, weight r2): where from in r0, r3, r5, r7, sums in r4, r6, r8, r10. */
    function hfn_tile_sums
    push {r4-r11, lr}
    mov r12, r1
    ldr r11, [r0, #HFN_TILE_WEIGHTS]
    ldr r4, [r0, #HFN_TILE_GROUPS]
    ldr r7, [r0, #HFN_TILE_TO]
    push {r2, r4}
    add r9, r11, #15
    bic r9, r9, #15
1:  mov r0, r7
    add r3, r0, r9
    add r5, r3, r9
    add r7, r5, r9
    ldr r1, [sp]
    movs r4, #0
    movs r6, #0
    mov r8, #0
    mov r10, #0
    dlstp.8 lr, r11
2:  vldrb.8 q0, [r1], #16
    vldrb.8 q1, [r0], #16
    vmladava.s8 r4, q0, q1
    vldrb.8 q1, [r3], #16
    vmladava.s8 r6, q0, q1
    vldrb.8 q1, [r5], #16
    vmladava.s8 r8, q0, q1
    vldrb.8 q1, [r7], #16
    vmladava.s8 r10, q0, q1
    letp lr, 2b
    str r4, [r12], #4
    str r6, [r12], #4
    str r8, [r12], #4
    str r10, [r12], #4
    ldr r4, [sp, #4]
    subs r4, r4, #1
    str r4, [sp, #4]
    bne 1b
    add sp, #8
    pop {r4-r11, pc}
    .size hfn_tile_sums, . - hfn_tile_sums

#endif
