/* conv_dense.h for Armv6-M. */
#include "asm.h"
#include "isa.h"
#include "tile_offsets.h"

#if HFN_CORE == HFN_ISA_V6M

    /* (tile r0): where to in r0, planes and what periods add in r1, the next tap in r2, taps to come in r10, the end of
     * the period in r11. */
    function hfn_tile_fill
    push {r4-r7, lr}
    push_high
    ldr r1, [r0, #HFN_TILE_FLIP]
    mov r9, r1
    ldr r1, [r0, #HFN_TILE_PLANES]
    mov r8, r1
    ldr r2, [r0, #HFN_TILE_TAPS]
    mov r12, r2
    ldr r4, [r0, #HFN_TILE_WEIGHTS]
    ldr r5, [r0, #HFN_TILE_GROUPS]
    push {r4, r5}
    adds r2, #HFN_TAPS_PERIOD
    ldr r4, [r2]
    lsls r4, r4, #1
    add r4, r4, r12
    mov r11, r4
    ldr r0, [r0, #HFN_TILE_TO]
1:  mov r1, r8
    mov r2, r12
    ldr r3, [sp]
    mov r10, r3
2:  ldrh r7, [r2]
    adds r2, r2, #2
    ldr r7, [r1, r7]
    mov r3, r9
    eors r7, r7, r3
    sxtb r4, r7
    lsrs r5, r7, #8
    sxtb r5, r5
    lsrs r6, r7, #16
    sxtb r6, r6
    asrs r7, r7, #24
    stm r0!, {r4-r7}
    cmp r2, r11
    beq 4f
3:  mov r3, r10
    subs r3, r3, #1
    mov r10, r3
    bne 2b
    movs r3, #4
    add r8, r8, r3
    ldr r3, [sp, #4]
    subs r3, r3, #1
    str r3, [sp, #4]
    bne 1b
    add sp, #8
    pop_high
    pop {r4-r7, pc}
4:  mov r2, r12
    movs r3, #HFN_TAPS_STEP
    ldr r3, [r2, r3]
    adds r1, r1, r3
    b 3b
    .size hfn_tile_fill, . - hfn_tile_fill

    /* (tile r0, sums r1, weight r2): where from in r5, the weights' end in r6, where in them in r7, sums in r8-r11. */
    function hfn_tile_sums
    push {r4-r7, lr}
    push_high
    ldr r6, [r0, #HFN_TILE_WEIGHTS]
    rsbs r7, r6, #0
    adds r6, r6, r2
    ldr r5, [r0, #HFN_TILE_TO]
    ldr r4, [r0, #HFN_TILE_GROUPS]
    lsls r4, r4, #4
    adds r4, r4, r1
    mov lr, r4
    mov r12, r1
    push {r7}
1:  ldr r7, [sp]
    movs r0, #0
    mov r8, r0
    mov r9, r0
    mov r10, r0
    mov r11, r0
2:  ldm r5!, {r0-r3}
    ldrsb r4, [r6, r7]
    muls r0, r4, r0
    add r8, r8, r0
    muls r1, r4, r1
    add r9, r9, r1
    muls r2, r4, r2
    add r10, r10, r2
    muls r3, r4, r3
    add r11, r11, r3
    adds r7, r7, #1
    bne 2b
    mov r0, r12
    mov r1, r8
    mov r2, r9
    mov r3, r10
    mov r4, r11
    stm r0!, {r1-r4}
    mov r12, r0
    cmp r0, lr
    bne 1b
    pop {r4}
    pop_high
    pop {r4-r7, pc}
    .size hfn_tile_sums, . - hfn_tile_sums

#endif
