/* hfn_build_plain_lists in Thumb-1: hfn_build_lists for tensors of one coat, nothing frozen and generated signs. A lowest
 * set bit times a de Bruijn sequence names the next weight: twelve instructions each. */
#include "asm.h"
#include "channel_offsets.h"
#include "generator.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_V6M

    .text

    /* struct hfn_mask; from KEPT on */
    .equ KEY, 8
    .equ NEXT, 44
    .equ INDEX, 128
    .equ LEFT, 4
    .equ KEPT, 136
    .equ SIGNS, 28

    /* struct hfn_taps; from PERIOD on */
    .equ PERIOD, 164
    .equ STEP, 4

    /* The frame. */
    .equ CHANNEL, 0
    .equ MASK, 4
    .equ TAPS, 8
    .equ END, 12 /* behind the taps of a period */
    .equ TAKEN, 16
    .equ MINUS, 20
    .equ FRAME, 24

    /* Of bits r0, the lowest is at tap r7; r2 = .Lindex, r3 = the sequence. */
    .macro append before, put, after
    cmp r0, #0
    beq 2f
1:  rsbs r6, r0, #0
    ands r6, r6, r0
    mov r1, r6
    muls r1, r3, r1
    lsrs r1, r1, #27
    ldrb r1, [r2, r1]
    ldrh r1, [r7, r1]
    add r1, r8
    \before
    strh r1, \put
    \after
    bics r0, r0, r6
    bne 1b
2:
    .endm

    /* (channel r0, mask r1, taps r2, weights r3) */
    entry hfn_build_plain_lists
    push {r4-r7, lr}
    push_high
    sub sp, #FRAME
    str r0, [sp, #CHANNEL]
    str r1, [sp, #MASK]
    str r2, [sp, #TAPS]
    mov r12, r3 /* weights to come */
    ldr r4, [r0, #HFN_CH_LIST]
    ldr r5, [r0, #HFN_CH_LIST_END]
    mov r7, r2
    adds r2, r2, #PERIOD
    ldr r0, [r2]
    lsls r0, r0, #1
    adds r0, r7, r0
    str r0, [sp, #END]
    movs r0, #0
    mov r8, r0 /* what a tap's period adds */
    adds r1, r1, #KEPT
    ldr r0, [r1]
    mov r9, r0 /* kept, minus and how many of them are left of a word */
    ldr r0, [r1, #SIGNS]
    mov r10, r0
    subs r1, r1, #LEFT
    ldr r0, [r1]
    mov r11, r0

.Lportion:
    mov r0, r11
    cmp r0, #0
    beq .Lword
.Lready:
    mov r6, r12
    cmp r6, r0
    bls 1f
    mov r6, r0 /* weights to take: 1..32 */
1:  subs r0, r0, r6
    mov r11, r0
    mov r0, r12
    subs r0, r0, r6
    mov r12, r0
    movs r1, #32
    subs r1, r1, r6
    mov r2, r9
    mov r0, r2
    lsls r0, r0, r1
    lsrs r0, r0, r1
    lsrs r2, r2, r6
    mov r9, r2
    mov r2, r10
    mov r1, r2
    lsrs r2, r2, r6
    mov r10, r2
    ands r1, r1, r0
    bics r0, r0, r1
    str r1, [sp, #MINUS]
    str r6, [sp, #TAKEN]
    adr r2, .Lindex
    ldr r3, =0x077CB531
    append "", [r4], "adds r4, r4, #2"
    ldr r0, [sp, #MINUS]
    append "subs r5, r5, #2", [r5], ""
    ldr r6, [sp, #TAKEN]
    lsls r6, r6, #1
    adds r7, r7, r6
    ldr r0, [sp, #END]
    cmp r7, r0
    blo 3f
    ldr r1, [sp, #TAPS]
    subs r0, r0, r1
    subs r7, r7, r0
    adds r1, r1, #PERIOD
    ldr r1, [r1, #STEP]
    add r8, r1
3:  mov r0, r12
    cmp r0, #0
    bne .Lportion

    ldr r0, [sp, #CHANNEL]
    str r4, [r0, #HFN_CH_PLUS_END]
    str r5, [r0, #HFN_CH_MINUS]
    ldr r1, [sp, #MASK]
    adds r1, r1, #KEPT
    mov r0, r9
    str r0, [r1]
    mov r0, r10
    str r0, [r1, #SIGNS]
    subs r1, r1, #LEFT
    mov r0, r11
    str r0, [r1]
    add sp, #FRAME
    pop_high
    pop {r4-r7, pc}

    /* The next 32 weights: their word of the mask, and of the hash of SPEC section 1. */
.Lword:
    ldr r1, [sp, #MASK]
    ldr r2, [r1, #NEXT]
    ldm r2!, {r0}
    mov r9, r0
    str r2, [r1, #NEXT]
    ldr r3, [r1, #KEY]
    adds r1, r1, #INDEX
    ldr r0, [r1]
    adds r0, r0, #1
    str r0, [r1]
    ldr r2, =HFN_GOLDEN
    muls r0, r2, r0
    adds r0, r0, r3
    lsrs r1, r0, #16
    eors r0, r0, r1
    ldr r2, =HFN_HASH_FIRST
    muls r0, r2, r0
    lsrs r1, r0, #15
    eors r0, r0, r1
    ldr r2, =HFN_HASH_SECOND
    muls r0, r2, r0
    lsrs r1, r0, #15
    eors r0, r0, r1
    mov r10, r0
    movs r0, #32
    mov r11, r0
    b .Lready
    .ltorg

    .balign 4
.Lindex: /* of a bit by its product's upper five: of a halfword, in bytes */
    .irp bit, 0, 1, 28, 2, 29, 14, 24, 3, 30, 22, 20, 15, 25, 17, 4, 8
    .byte 2 * \bit
    .endr
    .irp bit, 31, 27, 13, 23, 21, 19, 16, 7, 26, 12, 18, 6, 11, 5, 10, 9
    .byte 2 * \bit
    .endr
    .size hfn_build_plain_lists, . - hfn_build_plain_lists

#endif
