/* hfn_channel_narrow for cores with the DSP instructions (Armv7E-M, Armv8-M Mainline): channel_narrow.c bit for bit.
 *
 * Twelve pixels at a time in r0-r5: of each word of four pixels p0..p3 of a plane, an even register sums p0 and p2, an
 * odd one p1 and p3, each in a 16-bit lane. Lanes wrap; by N1 only their final value must fit. Bytes up to 127 are taken
 * in pairs of one plus and one minus, whose difference still is a byte: 14 instructions for two list entries, and both
 * offsets are one word of the list (channel.h). What is left of the longer list goes first, two and two of one sign, and
 * is negated if that is minus. Lists are entered by a computed jump, so that their length needs no rounding, and what
 * follows the sums is chosen once a channel, so that no group tests for it.
 *
 * The lists, the requantisation and the stores are parts of their own, channel_narrow_dsp_*.h, and run in the frame
 * below. */
#include "asm.h"
#include "channel_narrow_thumb2.h"
#include "channel_offsets.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_DSP

#include "channel_narrow_dsp_taps.h"

    .text

    /* The frame. */
    .equ SUMS, 0        /* six, of a new group; what r6 and pc are then follows */
    .equ FIRST, 24      /* the list that goes first, and where to enter it */
    .equ SECOND, 32     /* likewise */
    .equ FIRST_END, 40
    .equ SECOND_END, 44
    .equ PAIRS, 48      /* where to go after the entry without a partner */
    .equ NEXT, 52       /* where to go after the first list */
    .equ MULTIPLIER, 56 /* m·2^(32-s), or m·2^24 for s < 8 */
    .equ OFFSET, 60     /* (b·2^u + half)·2^(16-s) */
    .equ Y, 64
    .equ WHOLE, 68 /* the planes behind the last whole group that has no gap; from here to RATIO once a band */
    .equ SCALE, 72 /* where to go with the sums: double, scale or scale_add */
    .equ SCALED, 76 /* where double goes */
    .equ DOUBLE, 80 /* how often: max(0, 8-s) */
    .equ CLAMP, 84  /* where to go with what is scaled */
    .equ STORE, 88  /* where to go with 12 outputs in r0, r2, r4 */
    .equ END, 92    /* the planes behind the band */
    .equ RATIO, 96  /* r·2^(v+8-s) */
    .equ RESIDUAL, 100 /* of the group */
    .equ SOURCE, 104   /* of the next group that has gaps */
    .equ CHANNEL, 108
    .equ GROUP, 112 /* twelve bytes: residuals, then outputs, of a group that is not whole or has gaps */
    .equ FRAME, 124

    .equ UNROLLED, 8 /* pairs of plus and minus */
    .equ REST, 2      /* pairs of one sign */
    .equ SINGLES, 4 /* entries of bytes up to 255 */
    .equ SINGLE, 34
    .equ WORDS, 4 /* pairs, of a word of pixels */
    .equ WORD, 24

    entry hfn_channel_narrow
    push {r4-r11, lr}
    sub sp, #FRAME
    mov r4, r0
    str r4, [sp, #CHANNEL]
    ldm r4, {r5-r11} /* planes, list, plus_end, minus, list_end, has_sign, start */
    subs r0, r7, r6
    sub r1, r9, r8 /* bytes of both lists */
    cmp r10, #0
    bne.w .Lprepare_signed

    /* r1 = bytes of pairs, r9 = where what is left of the longer list starts, r10 = its bytes, r12 = where to go then,
     * r11 = the sums before. */
    subs r10, r0, r1
    bhs 1f
    add r9, r8, r0
    rsb r10, r10, #0
    mov r1, r0
    place r12, .Lnegate
    mov r11, #-1
    b 2f
1:  add r9, r6, r1
    place r12, .Lsecond
    movs r11, #0
2:  str r12, [sp, #NEXT]
    add r0, r6, r1
    str r0, [sp, #SECOND_END]
    place r2, .Lsums
    cbz r1, 3f
    enter .Lpairs, UNROLLED, 1, UNLIKE
3:  strd r6, r2, [sp, #SECOND]
    str r6, [sp, #FIRST_END]
    cmp r10, #0
    beq 5f
    mov r6, r9
    add r0, r9, r10
    str r0, [sp, #FIRST_END]
    bics r1, r10, #4
    mov r2, r12
    beq 4f
    enter .Lrest, REST, 2, LIKE
4:  lsls r0, r10, #29
    bpl 5f
    str r2, [sp, #PAIRS]
    place r2, .Lsingle
5:  strd r6, r2, [sp, #FIRST]
.Lprepared:
    pkhbt r0, r11, r11, lsl #16
    mov r1, r0
    strd r0, r1, [sp, #SUMS]
    strd r0, r1, [sp, #SUMS + 8]
    strd r0, r1, [sp, #SUMS + 16]

    add r12, r4, #HFN_CH_OWN
    ldm r12, {r0-r3, r6, r8-r10}
    cmp r1, #0
    beq.w .Lopen
.Lopened:
    add r12, sp, #WHOLE
    stm r12, {r0-r3, r6, r8-r10}
    mov r7, r5
    cmp r0, r7
    ldr r1, [r4, #HFN_CH_SHIFT]
    rsb r1, r1, #16
    ldr r0, [r4, #HFN_CH_OFFSET]
    lsl r0, r0, r1
    sub r1, r1, r3
    add r1, r1, #16
    ldr r3, [r4, #HFN_CH_MULTIPLIER]
    lsl r3, r3, r1
    strd r3, r0, [sp, #MULTIPLIER]
    ldrd r0, r1, [r4, #HFN_CH_Y] /* and RESIDUAL */
    str r0, [sp, #Y]
    str r1, [sp, #RESIDUAL]
    beq.w .Lbroken

.Lgroup:
    ldm sp, {r0-r6, pc}

#include "channel_narrow_dsp_lists.h"
#include "channel_narrow_dsp_scale.h"
#include "channel_narrow_dsp_store.h"

#include "channel_narrow_dsp_band.h"

    /* Minus, then plus, each entry by itself: r8 and r6 are where they start, r1 and r0 their bytes. */
.Lprepare_signed:
    str r9, [sp, #FIRST_END]
    str r7, [sp, #SECOND_END]
    mvn r11, r11 /* what is negated to start */
    place r2, .Lnegate
    cbz r1, 1f
    enter .Lsigned_minus, SINGLES, 1, SINGLE
1:  strd r8, r2, [sp, #FIRST]
    mov r1, r0
    place r2, .Lsums
    cbz r1, 1f
    enter .Lsigned_plus, SINGLES, 1, SINGLE
1:  strd r6, r2, [sp, #SECOND]
    b.w .Lprepared
    .size hfn_channel_narrow, . - hfn_channel_narrow

#endif
