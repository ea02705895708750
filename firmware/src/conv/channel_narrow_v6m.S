/* hfn_channel_narrow for Armv6-M: channel_narrow.c bit for bit, in Thumb-1.
 *
 * Eight pixels p0..p7 at a time, two words of a plane. Two sums hold them all:
 *
 *     r1:r0   both words as one number modulo 2^64 - 1: Σ 2^(8i)·p_i. A carry out of r1 goes into r0 by the next ADCS,
 *             so it must live until then: between lists and groups too, nothing touches C but what is meant to
 *             (neither do ADD with a high register or without S, MOV, MOVS #, ANDS, EORS, nor loads).
 *     r9:r8   the even bytes, masked: p0, p2, p4 and p6 in 16-bit lanes.
 *
 * The odd pixels are the difference. That is one instruction a word less than to mask or shift twice. Bytes up to 127 are
 * added to each other before, so two list entries take 14 instructions.
 *
 * In the end each pixel is there as P = p + 32768. By N1 and as sums are multiples of 127 at their extremes,
 * |p| <= 32766, so that no P leaves its lane and Σ 2^(8i)·P of the odd ones is not 0 modulo 2^64 - 1: what stands for it
 * is unique. This takes in pixels that are dropped, hence planes.c never leaves a byte that is no input in reach.
 * r1:r0 is all ones only without a carry: it would need all ones before, with one.
 *
 * The lists, the requantisation and the stores are parts of their own, channel_narrow_v6m_*.h, and run in the frame
 * below. */
#include "asm.h"
#include "channel_offsets.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_V6M

    .text

    /* A list in the frame. */
    .equ FIRST, 0   /* where to start */
    .equ STOP, 4    /* what r7 is at the end */
    .equ ENTRY, 8   /* where in the loop of pairs */
    .equ SINGLE, 12 /* the entry without a partner, if there is one */
    .equ LIST, 16   /* what r7 is at its entry */

    /* The frame. */
    .equ SUM, 0   /* r0 and r1 of a new group */
    .equ EVEN, 4  /* r8 and r9 */
    .equ MASK, 8  /* 0x00FF00FF */
    .equ MINUS, 12
    .equ PLUS, 32
    .equ SCALE, 52 /* where to go with the sums */
    .equ MULTIPLIER, 56
    .equ LIMIT, 60 /* the largest t - lo·2^s that is not clamped; or lo */
    .equ SHIFT, 64
    .equ Y, 68
    .equ RATIO, 72
    .equ STORE, 76 /* where to go with 8 outputs, written before r6 */
    .equ WHOLE, 80 /* the planes behind the last whole group that has no gap */
    .equ END, 84   /* the planes behind the band */
    .equ SOURCE, 88 /* of the residuals of a group that is not whole or has gaps, */
    .equ TARGET, 92 /* and the place of its outputs */
    .equ CHANNEL, 96
    .equ GROUP, 100 /* eight bytes: residuals, then outputs, of such a group */
    .equ PIXELS, 108 /* eight halfwords */
    .equ DISTANCE, 124 /* of the residuals from the outputs */
    .equ FRAME, 128

    /* Beyond the sums: r6 = 0x00FF00FF, r7 walks a list up to r11, r10 = offset of the requantisation, r12 = planes of the
     * group. */

    .equ UNROLLED, 8
    .equ ENTRY_BYTES, 28 /* of code, for two list entries */

    entry hfn_channel_narrow
    push {r4-r7, lr}
    push_high
    sub sp, #FRAME
    mov r4, r0
    str r4, [sp, #CHANNEL]

    ldr r0, [r4, #HFN_CH_MINUS]
    ldr r1, [r4, #HFN_CH_LIST_END]
    add r3, sp, #MINUS
    bl .Lprepare
    ldr r0, [r4, #HFN_CH_LIST]
    ldr r1, [r4, #HFN_CH_PLUS_END]
    add r3, sp, #PLUS
    bl .Lprepare

    /* The group starts from -(start + 32768), for all its pixels. Its byte is that modulo 255. */
    ldr r0, =0x00FF00FF
    str r0, [sp, #MASK]
    ldr r0, [r4, #HFN_CH_START]
    movs r1, #128
    lsls r1, r1, #8
    adds r0, r0, r1
    lsls r1, r0, #16
    adds r1, r1, r0
    mvns r1, r1
    str r1, [sp, #EVEN]
    movs r1, #255
    lsls r1, r1, #8 /* a multiple of 255, so that the sum is not negative */
    adds r0, r0, r1
    .rept 3
    uxtb r1, r0
    lsrs r0, r0, #8
    adds r0, r0, r1
    .endr
    lsls r1, r0, #8
    orrs r0, r0, r1
    lsls r1, r0, #16
    orrs r0, r0, r1
    mvns r0, r0
    str r0, [sp, #SUM]

    /* With S = 2^s: u = 128·S - 1 - t >= 0 clamps t from above, and (lo ? 255 : 128)·S - 1 - u from below. With s = 16
     * the first could overflow. */
    ldr r5, [r4, #HFN_CH_SHIFT]
    str r5, [sp, #SHIFT]
    ldr r3, [r4, #HFN_CH_LO]
    ldr r6, [r4, #HFN_CH_RESIDUAL]
    ldr r7, [r4, #HFN_CH_RATIO]
    ldr r0, [r4, #HFN_CH_Y]
    str r0, [sp, #Y]
    ldr r1, [r4, #HFN_CH_MULTIPLIER]
    ldr r2, [r4, #HFN_CH_OFFSET]
    lsls r0, r1, #15
    subs r2, r2, r0 /* the pixels come as p + 32768 */
    cmp r5, #16
    beq .Lchoose_any
    ldr r0, =.Lscale
    cmp r3, #0
    beq 1f
    cmp r6, #0
    bne .Lchoose_any
    ldr r0, =.Lscale_signed
1:  cmp r6, #0
    beq 2f
    ldr r0, =.Lscale_add
2:  str r0, [sp, #SCALE]
    movs r0, #128
    lsls r0, r0, r5
    subs r0, r0, #1
    subs r2, r0, r2
    cmp r3, #0
    beq 3f
    movs r0, #255
    lsls r0, r0, r5
    subs r0, r0, #1
3:  rsbs r1, r1, #0
    rsbs r7, r7, #0
    b 4f
.Lchoose_any:
    ldr r0, =.Lscale_any
    str r0, [sp, #SCALE]
    mov r0, r3
4:  str r0, [sp, #LIMIT]
    str r1, [sp, #MULTIPLIER]
    mov r10, r2
    movs r0, #0
    cmp r6, #0
    beq 5f
    ldr r0, [sp, #Y]
    subs r0, r6, r0
    b 6f
5:  movs r7, #0
6:  str r0, [sp, #DISTANCE]
    str r7, [sp, #RATIO]
    ldr r0, =.Lstore
    str r0, [sp, #STORE]

    ldr r1, [r4, #HFN_CH_PLANES]
    mov r12, r1
    ldr r0, [r4, #HFN_CH_PIXELS]
    adds r2, r1, r0
    str r2, [sp, #END]
    movs r2, #7
    bics r0, r0, r2
    ldr r2, [r4, #HFN_CH_GAP]
    cmp r2, #0
    beq 7f
    movs r0, #0
7:  adds r1, r1, r0
    str r1, [sp, #WHOLE]
    cmp r1, r12
    bne .Lgroup_first
    b .Lrest
    .ltorg

.Lgroup_first:
    adds r0, r0, #0 /* no carry */
.Lgroup:
    add r7, sp, #SUM
    ldm r7!, {r0, r2, r6}
    mov r1, r0
    mov r8, r2
    mov r9, r2
    add r7, sp, #MINUS
    bl .Llist
    movs r2, #0
    adcs r0, r0, r2
    adcs r1, r1, r2 /* no carry */
    mvns r0, r0
    mvns r1, r1
    mov r2, r8
    mvns r2, r2
    mov r8, r2
    mov r3, r9
    mvns r3, r3
    mov r9, r3
    add r7, sp, #PLUS
    bl .Llist

    /* Subtracts the even pixels and turns the odd ones into their lanes: r11 and r1. */
    mov r2, r8
    mvns r2, r2
    mov r3, r9
    mvns r3, r3
    adcs r0, r0, r2
    adcs r1, r1, r3
    movs r2, #0
    adcs r0, r0, r2
    adcs r1, r1, r2
    lsrs r2, r0, #8
    lsls r3, r1, #24
    orrs r2, r2, r3
    mov r11, r2
    lsrs r1, r1, #8
    lsls r0, r0, #24
    orrs r1, r1, r0
    ldr r0, [sp, #SCALE]
    mov pc, r0

#include "channel_narrow_v6m_lists.h"
#include "channel_narrow_v6m_scale.h"
#include "channel_narrow_v6m_store.h"

.Ldone:
    add sp, #FRAME
    pop_high
    pop {r4-r7, pc}
    .ltorg
    .size hfn_channel_narrow, . - hfn_channel_narrow

#endif
