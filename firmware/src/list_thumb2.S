/* hfn_build_plain_lists: hfn_build_lists for tensors of one coat, nothing frozen and generated signs. Words of kept and
 * minus are reversed, so that CLZ finds the next weight: seven instructions each. */
#include "channel_offsets.h"
#include "isa.h"

#if HFN_THUMB2

    .syntax unified
    .thumb
    .text

    /* struct hfn_mask; kept and minus are reversed */
    .equ KEY, 8
    .equ NEXT, 44
    .equ INDEX, 128
    .equ LEFT, 132
    .equ KEPT, 136
    .equ SIGNS, 164

    /* struct hfn_taps */
    .equ PERIOD, 164
    .equ STEP, 168

    /* Of bits, the weight at the top is at tap r7. */
    .macro append bits, put:vararg
    cbz \bits, 2f
1:  clz r2, \bits
    ldrh r1, [r7, r2, lsl #1]
    lsr r2, r12, r2
    add r1, r1, r8
    \put
    bics \bits, \bits, r2
    bne 1b
2:
    .endm

    /* (channel r0, mask r1, taps r2, weights r3) */
    .global hfn_build_plain_lists
    .type hfn_build_plain_lists, %function
    .thumb_func
hfn_build_plain_lists:
    push {r4-r11, lr}
    sub sp, #20
    str r0, [sp, #0]
    str r1, [sp, #4]
    str r2, [sp, #8]
    mov r6, r3 /* weights to come */
    ldr r4, [r0, #CH_LIST]
#if HFN_PACE == 2
    adds r5, r4, #2
    str r5, [r0, #CH_MINUS]
#else
    ldr r5, [r0, #CH_LIST_END]
#endif
    mov r7, r2
    ldr r0, [r2, #PERIOD]
    add r0, r2, r0, lsl #1
    str r0, [sp, #12] /* behind the taps of a period */
    movs r8, #0       /* what a tap's period adds */
    ldr r9, [r1, #KEPT]
    ldr r10, [r1, #SIGNS]
    ldr r11, [r1, #LEFT]
    mov r12, #0x80000000

.Lportion:
    cmp r11, #0
    beq .Lword
.Lready:
    cmp r6, r11
    ite lo
    movlo lr, r6
    movhs lr, r11 /* weights to take: 1..32 */
    rsb r2, lr, #32
    mov r3, #-1
    lsls r3, r3, r2
    and r0, r3, r9
    bic r3, r0, r10
    and r0, r0, r10
#if HFN_PACE == 2
    append r3, strh r1, [r4], #4
    append r0, strh r1, [r5], #4
#else
    append r3, strh r1, [r4], #2
    append r0, strh r1, [r5, #-2]!
#endif
    lsl r9, r9, lr /* by 32: 0 */
    lsl r10, r10, lr
    sub r11, r11, lr
    add r7, r7, lr, lsl #1
    ldr r0, [sp, #12]
    cmp r7, r0
    blo 3f
    ldr r0, [sp, #8]
    ldrd r1, r2, [r0, #PERIOD] /* and STEP */
    sub r7, r7, r1, lsl #1
    add r8, r8, r2
3:  subs r6, r6, lr
    bne .Lportion

    ldrd r0, r1, [sp]
    str r4, [r0, #CH_PLUS_END]
#if HFN_PACE == 2
    str r5, [r0, #CH_LIST_END]
#else
    str r5, [r0, #CH_MINUS]
#endif
    str r9, [r1, #KEPT]
    str r10, [r1, #SIGNS]
    str r11, [r1, #LEFT]
    add sp, #20
    pop {r4-r11, pc}

    /* The next 32 weights: their word of the mask, and of the hash of SPEC section 1. */
.Lword:
    ldr r1, [sp, #4]
    ldr r0, [r1, #NEXT]
    ldr r9, [r0], #4
    str r0, [r1, #NEXT]
    rbit r9, r9
    ldr r0, [r1, #INDEX]
    add r0, r0, #1
    str r0, [r1, #INDEX]
    ldr r2, [r1, #KEY]
    ldr r3, =0x9E3779B9
    mla r0, r0, r3, r2
    eor r0, r0, r0, lsr #16
    ldr r3, =0x21F0AAAD
    mul r0, r3, r0
    eor r0, r0, r0, lsr #15
    ldr r3, =0x735A2D97
    mul r0, r3, r0
    eor r0, r0, r0, lsr #15
    rbit r10, r0
    movs r11, #32
    b .Lready
    .ltorg
    .size hfn_build_plain_lists, . - hfn_build_plain_lists

#endif
