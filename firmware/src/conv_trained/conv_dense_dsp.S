/* conv_dense.h for the DSP instructions: SMLAD multiplies two taps of a pixel at a time. */
#include "asm.h"
#include "isa.h"
#include "tile_offsets.h"

#if HFN_ISA == HFN_ISA_DSP

    .macro tap to
    ldrh \to, [r2], #2
    ldr \to, [r1, \to]
    eor \to, \to, r12
    .endm

    /* Four pixels of the taps in first and second, side by side. */
    .macro pair first, second
    sxtb16 r8, \first
    sxtb16 r9, \first, ror #8
    sxtb16 r10, \second
    sxtb16 r11, \second, ror #8
    pkhbt \first, r8, r10, lsl #16
    pkhbt \second, r9, r11, lsl #16
    strd \first, \second, [r0], #8
    pkhtb r8, r10, r8, asr #16
    pkhtb r9, r11, r9, asr #16
    strd r8, r9, [r0], #8
    .endm

    /* (tile r0): where to in r0, planes and what periods add in r1, the next tap in r2, taps to come in r3, the end of
     * the period in lr. */
    function hfn_tile_fill
    push {r4-r11, lr}
    sub sp, #16
    ldr r12, [r0, #HFN_TILE_FLIP]
    ldr r1, [r0, #HFN_TILE_PLANES]
    ldr r2, [r0, #HFN_TILE_GROUPS]
    strd r1, r2, [sp]
    ldr r2, [r0, #HFN_TILE_TAPS]
    ldr r3, [r0, #HFN_TILE_WEIGHTS]
    strd r2, r3, [sp, #8]
    ldr r4, [r2, #HFN_TAPS_PERIOD]
    add lr, r2, r4, lsl #1
    ldr r0, [r0, #HFN_TILE_TO]
1:  ldr r1, [sp]
    ldrd r2, r3, [sp, #8]
2:  cmp r3, #4
    blo 5f
    tap r4
    tap r5
    tap r6
    tap r7
3:  pair r4, r6
    pair r5, r7
    cmp r2, lr
    bhs 6f
4:  subs r3, r3, #4
    bhi 2b
    ldrd r1, r2, [sp]
    add r1, r1, #4
    subs r2, r2, #1
    strd r1, r2, [sp]
    bne 1b
    add sp, #16
    pop {r4-r11, pc}
5:  movs r5, #0
    movs r6, #0
    movs r7, #0
    tap r4
    cmp r3, #2
    blo 3b
    tap r5
    beq 3b
    tap r6
    b 3b
6:  ldr r4, [sp, #8]
    ldrd r5, r6, [r4, #HFN_TAPS_PERIOD] /* and STEP */
    sub r2, r2, r5, lsl #1
    add r1, r1, r6
    b 4b
    .size hfn_tile_fill, . - hfn_tile_fill

    /* Four taps of four pixels, by the weights in r12. */
    .macro quad
    ldm r0!, {r7-r10}
    sxtb16 r11, r12
    sxtb16 r12, r12, ror #8
    smlad r3, r7, r11, r3
    smlad r4, r8, r11, r4
    smlad r5, r9, r11, r5
    smlad r6, r10, r11, r6
    ldm r0!, {r7-r10}
    smlad r3, r7, r12, r3
    smlad r4, r8, r12, r4
    smlad r5, r9, r12, r5
    smlad r6, r10, r12, r6
    .endm

    .equ WEIGHT, 0
    .equ ANY, 4      /* weights behind the last whole four */
    .equ TAIL, 8     /* these weights, behind them zeros */
    .equ FOURS, 12   /* where they begin */
    .equ PENDING, 16 /* ANY, until they have been taken */
    .equ CHANNEL, 20
    .equ GROUPS, 24
    .equ FRAME, 28

    /* (tile r0, channel r1, weight r2): where from in r0, weights in r1 up to r2, sums in r3-r6. */
    function hfn_tile_outputs
    push {r4-r11, lr}
    sub sp, #FRAME
    ldr r3, [r0, #HFN_TILE_GROUPS]
    strd r1, r3, [sp, #CHANNEL]
    ldr r3, [r0, #HFN_TILE_WEIGHTS]
    ldr r0, [r0, #HFN_TILE_TO]
    movs r6, #0
    bic r5, r3, #3
    add r5, r5, r2
    ands r4, r3, #3
    beq 2f
    add r7, r2, r3
1:  ldrb r8, [r7, #-1]!
    orr r6, r8, r6, lsl #8
    cmp r7, r5
    bne 1b
2:  strd r2, r4, [sp, #WEIGHT]
    strd r6, r5, [sp, #TAIL]
3:  ldrd r1, r7, [sp, #WEIGHT]
    ldr r2, [sp, #FOURS]
    str r7, [sp, #PENDING]
    movs r3, #0
    movs r4, #0
    movs r5, #0
    movs r6, #0
    subs r7, r2, r1
    beq 7f
    lsls r7, r7, #29
    bmi 5f /* an odd number of fours */
4:  ldr r12, [r1], #4
    quad
5:  ldr r12, [r1], #4
6:  quad
    cmp r1, r2
    bne 4b
7:  ldr r7, [sp, #PENDING]
    cbz r7, 8f
    movs r7, #0
    str r7, [sp, #PENDING]
    ldr r12, [sp, #TAIL]
    b 6b
8:  ldr r7, [sp, #CHANNEL]
    mov r1, r4
    bl hfn_tile_four
    ldr r7, [sp, #GROUPS]
    subs r7, r7, #1
    str r7, [sp, #GROUPS]
    bne 3b
    add sp, #FRAME
    pop {r4-r11, pc}
    .size hfn_tile_outputs, . - hfn_tile_outputs

#endif
