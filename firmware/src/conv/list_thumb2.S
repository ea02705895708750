/* hfn_build_plain_lists: hfn_build_lists for tensors of one coat, nothing frozen and generated signs. Words of kept and
 * minus are reversed, so that CLZ finds the next weight: seven instructions each. */
#include "asm.h"
#include "channel_offsets.h"
#include "generator.h"
#include "isa.h"

#if HFN_THUMB2

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
    entry hfn_build_plain_lists
    push {r0-r2, r4-r11, lr}
    mov r6, r3 /* weights to come */
    mov r7, r2
    ldr r4, [r0, #HFN_CH_LIST]
#if HFN_PACE == 2
    adds r5, r4, #2
    str r5, [r0, #HFN_CH_MINUS]
#else
    ldr r5, [r0, #HFN_CH_LIST_END]
#endif
    ldr r11, [r2, #PERIOD]
    add r11, r2, r11, lsl #1 /* behind the taps of a period */
    movs r8, #0              /* what a tap's period adds */
    mov r12, #0x80000000
    ldr r9, [r1, #NEXT]
    ldr r10, [r1, #INDEX]
    ldr r0, [r1, #KEY]
    ldr r2, =HFN_GOLDEN
    mla r10, r10, r2, r0
    ldr r2, [r1, #LEFT]
    cbz r2, .Lword
    ldr r3, [r1, #KEPT]
    ldr r0, [r1, #SIGNS]
    cmp r6, r2
    ite lo
    movlo lr, r6
    movhs lr, r2

    /* Takes lr weights, fewer than 32, of r3 and r0, which have r2, and keeps the others. */
.Ltake:
    sub r2, r2, lr
    str r2, [r1, #LEFT]
    lsl r2, r3, lr
    str r2, [r1, #KEPT]
    lsl r2, r0, lr
    str r2, [r1, #SIGNS]
    mov r2, #-1
    lsr r2, r2, lr
    bic r3, r3, r2
    b .Lappend

    /* The next 32 weights: their word of the mask, and of the hash of SPEC section 1. */
.Lword:
    ldr r3, [r9], #4
    rbit r3, r3
    ldr r1, =HFN_GOLDEN
    add r10, r10, r1
    eor r0, r10, r10, lsr #16
    ldr r1, =HFN_HASH_FIRST
    mul r0, r1, r0
    eor r0, r0, r0, lsr #15
    ldr r1, =HFN_HASH_SECOND
    mul r0, r1, r0
    eor r0, r0, r0, lsr #15
    rbit r0, r0
    cmp r6, #32
    mov lr, #32
    bhs .Lappend
    ldr r1, [sp, #4]
    mov r2, lr
    mov lr, r6
    b .Ltake

.Lappend:
    ands r0, r0, r3
    bics r3, r3, r0
#if HFN_PACE == 2
    append r3, strh r1, [r4], #4
    append r0, strh r1, [r5], #4
#else
    append r3, strh r1, [r4], #2
    append r0, strh r1, [r5, #-2]!
#endif
    add r7, r7, lr, lsl #1
    cmp r7, r11
    blo 3f
    ldr r0, [sp, #8]
    ldrd r1, r2, [r0, #PERIOD] /* and STEP */
    sub r7, r7, r1, lsl #1
    add r8, r8, r2
3:  subs r6, r6, lr
    bne .Lword

    pop {r0-r2}
    str r4, [r0, #HFN_CH_PLUS_END]
#if HFN_PACE == 2
    str r5, [r0, #HFN_CH_LIST_END]
#else
    str r5, [r0, #HFN_CH_MINUS]
#endif
    ldr r2, [r1, #NEXT]
    str r9, [r1, #NEXT]
    subs r2, r9, r2
    ldr r0, [r1, #INDEX]
    add r0, r0, r2, lsr #2
    str r0, [r1, #INDEX]
    pop {r4-r11, pc}
    .ltorg
    .size hfn_build_plain_lists, . - hfn_build_plain_lists

#endif
