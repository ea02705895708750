/* conv_dense.h for Thumb-2 without vectors. */
#include "asm.h"
#include "isa.h"
#include "tile_offsets.h"

#if HFN_ISA == HFN_ISA_V7M || HFN_ISA_SMALL >= HFN_ISA_V7M

    /* (tile r0): where to in r0, planes and what periods add in r1, the next tap in r2, taps to come in r3, the end of
     * the period in lr. */
    function hfn_tile_fill
    push {r4-r11, lr}
    ldr r12, [r0, #HFN_TILE_FLIP]
    ldr r8, [r0, #HFN_TILE_PLANES]
    ldr r9, [r0, #HFN_TILE_GROUPS]
    ldr r10, [r0, #HFN_TILE_TAPS]
    ldr r11, [r0, #HFN_TILE_WEIGHTS]
    ldr r4, [r10, #HFN_TAPS_PERIOD]
    add lr, r10, r4, lsl #1
    ldr r0, [r0, #HFN_TILE_TO]
1:  mov r1, r8
    mov r2, r10
    mov r3, r11
2:  ldrh r7, [r2], #2
    ldr r7, [r1, r7]
    eor r7, r7, r12
    sxtb r4, r7
    sxtb r5, r7, ror #8
    sxtb r6, r7, ror #16
    asr r7, r7, #24
    stm r0!, {r4-r7}
    cmp r2, lr
    beq 4f
3:  subs r3, r3, #1
    bne 2b
    add r8, r8, #4
    subs r9, r9, #1
    bne 1b
    pop {r4-r11, pc}
4:  mov r2, r10
    ldr r4, [r2, #HFN_TAPS_STEP]
    add r1, r1, r4
    b 3b
    .size hfn_tile_fill, . - hfn_tile_fill

    .macro tap
    ldrsb r11, [r1], #1
    ldm r0!, {r7-r10}
    mla r3, r7, r11, r3
    mla r4, r8, r11, r4
    mla r5, r9, r11, r5
    mla r6, r10, r11, r6
    .endm

#if HFN_SMALL
    /* (tile r0, sums r1, weight r2): where from in r0, weights in r1 up to r2, sums in r3-r6, where to in r12. */
    function hfn_tile_sums
    push {r2, r4-r11, lr}
    mov r12, r1
    ldrd r3, lr, [r0, #HFN_TILE_WEIGHTS] /* and GROUPS */
    ldr r0, [r0, #HFN_TILE_TO]
    add r2, r2, r3
1:  ldr r1, [sp]
    movs r3, #0
    movs r4, #0
    movs r5, #0
    movs r6, #0
2:  tap
    cmp r1, r2
    bne 2b
    stm r12!, {r3-r6}
    subs lr, lr, #1
    bne 1b
    pop {r2, r4-r11, pc}
    .size hfn_tile_sums, . - hfn_tile_sums
#else
    /* (tile r0, channel r1, weight r2): where from in r0, weights in r1 up to r2, sums in r3-r6. */
    function hfn_tile_outputs
    push {r4-r11, lr}
    ldr r3, [r0, #HFN_TILE_WEIGHTS]
    add r3, r3, r2
    ldr r4, [r0, #HFN_TILE_GROUPS]
    ldr r0, [r0, #HFN_TILE_TO]
    push {r1, r2, r3, r4}
1:  ldrd r1, r2, [sp, #4]
    movs r3, #0
    movs r4, #0
    movs r5, #0
    movs r6, #0
    sub r7, r2, r1
    lsls r7, r7, #31
    bne 3f /* an odd number */
2:  tap
3:  tap
    cmp r1, r2
    bne 2b
    ldr r7, [sp]
    mov r1, r4
    bl hfn_tile_four
    ldr r7, [sp, #12]
    subs r7, r7, #1
    str r7, [sp, #12]
    bne 1b
    add sp, #16
    pop {r4-r11, pc}
    .size hfn_tile_outputs, . - hfn_tile_outputs
#endif

#endif
