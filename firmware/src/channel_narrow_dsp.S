/* hfn_channel_narrow for cores with the DSP instructions (Armv7E-M, Armv8-M Mainline): channel_narrow.c bit for bit.
 *
 * Sixteen pixels at a time in r0-r7: of each word of four pixels p0..p3 of a plane, an even register sums p0 and p2, an
 * odd one p1 and p3, each in a 16-bit lane (UXTAB16). Lanes wrap; by N1 only their final value must fit. A list entry
 * takes 11 instructions, a turn of the unrolled loop 3 more. Lists are entered by a computed jump, so that their length
 * needs no rounding, and what follows the sums is chosen once a channel, so that no group tests for it. */
#include "channel_offsets.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_DSP

    .syntax unified
    .thumb
    .text

    /* The frame. */
    .equ MINUS, 0       /* a list, where in the loop to enter it, and its end */
    .equ PLUS, 12       /* likewise */
    .equ START, 24      /* of a lane, negated, twice */
    .equ SCALE, 28      /* where to go with the sums: double, scale or scale_add */
    .equ MULTIPLIER, 32 /* m·2^(32-s), or m·2^24 for s < 8 */
    .equ OFFSET, 36     /* (b·2^u + half)·2^(16-s) */
    .equ DOUBLE, 40     /* how often: max(0, 8-s) */
    .equ SCALED, 44     /* where double goes */
    .equ CLAMP, 48      /* where to go with what is scaled */
    .equ STORE, 52      /* where to go with 16 outputs in r0, r2, r4, r6 */
    .equ Y, 56
    .equ RESIDUAL, 60 /* of the group */
    .equ SOURCE, 64   /* of the next group that is not whole */
    .equ RATIO, 68    /* r·2^(v+8-s) */
    .equ PLANES, 72   /* of the group */
    .equ WHOLE, 76    /* the planes behind the last whole group that has no gap */
    .equ END, 80      /* the planes behind the band */
    .equ CHANNEL, 84
    .equ GROUP, 88 /* sixteen bytes: residuals, then outputs, of a group that is not whole or has gaps */
    .equ FRAME, 104

    .equ UNROLLED, 16
    .equ ENTRY, 42 /* bytes of code for a list entry */

    /* Adds a list's planes, from r9 on. */
    .macro accumulate list
    ldr r8, [sp, #\list]
    ldr pc, [sp, #\list + 4]
.Lloop\list:
    .rept UNROLLED
    ldrh r10, [r8], #2
    add r10, r9
    ldm r10, {r10, r11, r12, lr}
    uxtab16 r0, r0, r10
    uxtab16 r1, r1, r10, ror #8
    uxtab16 r2, r2, r11
    uxtab16 r3, r3, r11, ror #8
    uxtab16 r4, r4, r12
    uxtab16 r5, r5, r12, ror #8
    uxtab16 r6, r6, lr
    uxtab16 r7, r7, lr, ror #8
    .endr
    ldr r10, [sp, #\list + 8]
    cmp r8, r10
    bne.w .Lloop\list
.Lend\list:
    .endm

    /* For the list between the channel's pointers from and to. */
    .macro prepare list, from, to
    ldr r0, [r4, #\from]
    ldr r1, [r4, #\to]
    str r0, [sp, #\list]
    str r1, [sp, #\list + 8]
    adr.w r2, .Lend\list
    subs r1, r1, r0
    beq 1f
    adr.w r2, .Lloop\list
    rsbs r1, r1, #0 /* so many entries short of a multiple of UNROLLED: they are skipped */
    lsrs r1, r1, #1
    and r1, r1, #UNROLLED - 1
    movs r3, #ENTRY
    mla r2, r1, r3, r2
1:  orr r2, r2, #1
    str r2, [sp, #\list + 4]
    .endm

    .macro go_to slot, label
    adr.w r0, \label
    orr r0, r0, #1
    str r0, [sp, #\slot]
    .endm

    /* t·2^(16-s) of each lane in 32 bits, whose upper halves are the results. */
    .macro scale lanes
    smlawb r10, r8, \lanes, r11
    smlawt \lanes, r8, \lanes, r11
    pkhtb \lanes, \lanes, r10, asr #16
    .endm

    /* The same with residuals: r11 holds the lanes' x, each as 256·x. */
    .macro scale_add lanes
    smlawb r10, r8, \lanes, r9
    smlabb r10, lr, r11, r10
    smlawt \lanes, r8, \lanes, r9
    smlabt \lanes, lr, r11, \lanes
    pkhtb \lanes, \lanes, r10, asr #16
    .endm

    .macro scale_add_word even, odd, at
    ldr r10, [sp, #RESIDUAL]
    ldr r12, [r10, #\at]
    lsl r11, r12, #8
    bic r11, r11, #0x00FF00FF
    scale_add \even
    bic r11, r12, #0x00FF00FF
    scale_add \odd
    .endm

    /* To -127..127: saturation leaves -128 too, which the selection takes away. */
    .macro clamp_signed lanes
    ssat16 \lanes, #8, \lanes
    ssub16 r10, \lanes, r8
    sel \lanes, \lanes, r8
    uxtb16 \lanes, \lanes
    .endm

    .macro pack
    orr r0, r0, r1, lsl #8
    orr r2, r2, r3, lsl #8
    orr r4, r4, r5, lsl #8
    orr r6, r6, r7, lsl #8
    ldr pc, [sp, #STORE]
    .endm

    /* Copies r2 of the group's pixels, but for those in a gap, from r0 to r1; \group is the register that walks the
     * group. */
    .macro rows group
    ldr r4, [sp, #CHANNEL]
    ldrd r5, r6, [r4, #CH_COLUMN]
    ldr r7, [r4, #CH_GAP]
9:  ldrb r3, [r0], #1
    strb r3, [r1], #1
    adds r5, r5, #1
    subs r2, r2, #1
    cmp r5, r6
    ittt eq
    moveq r5, #0
    addeq \group, \group, r7
    subeq r2, r2, r7
    cmp r2, #0
    bgt 9b
    .endm

    .global hfn_channel_narrow
    .type hfn_channel_narrow, %function
    .thumb_func
hfn_channel_narrow:
    push {r4-r11, lr}
    sub sp, #FRAME
    mov r4, r0
    str r4, [sp, #CHANNEL]
    prepare MINUS, CH_MINUS, CH_LIST_END
    prepare PLUS, CH_LIST, CH_PLUS_END
    ldr r0, [r4, #CH_START]
    rsbs r0, r0, #0
    pkhbt r0, r0, r0, lsl #16
    str r0, [sp, #START]

    ldr r1, [r4, #CH_SHIFT]
    ldr r0, [r4, #CH_OFFSET]
    rsb r2, r1, #16
    lsls r0, r0, r2
    str r0, [sp, #OFFSET]
    ldr r0, [r4, #CH_RATIO] /* r·2^v: a multiple of 2^(s-8) by N3 */
    rsbs r2, r1, #8
    itee hs
    lslhs r0, r0, r2
    sublo r3, r1, #8
    asrlo r0, r0, r3
    str r0, [sp, #RATIO]
    it lo
    movlo r2, #0
    str r2, [sp, #DOUBLE]
    ldr r0, [r4, #CH_MULTIPLIER]
    add r1, r1, r2
    rsb r1, r1, #32
    lsls r0, r0, r1
    str r0, [sp, #MULTIPLIER]

    ldr r9, [r4, #CH_Y]
    str r9, [sp, #Y]
    ldr r9, [r4, #CH_RESIDUAL]
    str r9, [sp, #RESIDUAL]
    go_to SCALED, .Lscale
    cmp r9, #0
    beq 1f
    go_to SCALED, .Lscale_add
1:  ldr r0, [sp, #SCALED]
    str r0, [sp, #SCALE]
    cbz r2, 1f
    go_to SCALE, .Ldouble
1:  go_to CLAMP, .Lclamp_unsigned
    ldr r0, [r4, #CH_LO]
    cbz r0, 1f
    go_to CLAMP, .Lclamp_signed
1:  go_to STORE, .Lstore

    ldr r9, [r4, #CH_PLANES]
    ldr r0, [r4, #CH_PIXELS]
    add r1, r9, r0
    str r1, [sp, #END]
    ldr r1, [r4, #CH_GAP]
    bic r0, r0, #15
    cbz r1, 1f
    movs r0, #0
1:  add r1, r9, r0
    str r1, [sp, #WHOLE]
    cmp r0, #0
    beq.w .Lrest

.Lgroup:
    ldr r0, [sp, #START]
    mov r1, r0
    mov r2, r0
    mov r3, r0
    mov r4, r0
    mov r5, r0
    mov r6, r0
    mov r7, r0
    accumulate MINUS
    movs r8, #0
    .irp lanes, r0, r1, r2, r3, r4, r5, r6, r7
    ssub16 \lanes, r8, \lanes
    .endr
    accumulate PLUS
    ldr pc, [sp, #SCALE]

.Ldouble:
    ldr r8, [sp, #DOUBLE]
1:
    .irp lanes, r0, r1, r2, r3, r4, r5, r6, r7
    sadd16 \lanes, \lanes, \lanes
    .endr
    subs r8, r8, #1
    bne 1b
    ldr pc, [sp, #SCALED]

    .balign 4
.Lscale:
    ldr r8, [sp, #MULTIPLIER]
    ldr r11, [sp, #OFFSET]
    .irp lanes, r0, r1, r2, r3, r4, r5, r6, r7
    scale \lanes
    .endr
    ldr pc, [sp, #CLAMP]

    .balign 4
.Lscale_add:
    str r9, [sp, #PLANES]
    ldrd r8, r9, [sp, #MULTIPLIER]
    ldr lr, [sp, #RATIO]
    scale_add_word r0, r1, 0
    scale_add_word r2, r3, 4
    scale_add_word r4, r5, 8
    scale_add_word r6, r7, 12
    ldr r10, [sp, #RESIDUAL]
    add r10, r10, #16
    str r10, [sp, #RESIDUAL]
    ldr r9, [sp, #PLANES]
    ldr pc, [sp, #CLAMP]

    .balign 4
.Lclamp_unsigned:
    .irp lanes, r0, r1, r2, r3, r4, r5, r6, r7
    usat16 \lanes, #7, \lanes
    .endr
    pack

    .balign 4
.Lclamp_signed:
    mov r8, #0xFF81FF81 /* -127 in each lane */
    .irp lanes, r0, r1, r2, r3, r4, r5, r6, r7
    clamp_signed \lanes
    .endr
    pack

    .balign 4
.Lstore:
    ldr r12, [sp, #Y]
    stm r12!, {r0, r2, r4, r6}
    str r12, [sp, #Y]
    add r9, r9, #16
    ldr r10, [sp, #WHOLE]
    cmp r9, r10
    bne.w .Lgroup

    /* Groups with gaps, and the last one of a band that is no multiple of 16, go through GROUP byte by byte. */
.Lrest:
    ldr r0, [sp, #RESIDUAL]
    str r0, [sp, #SOURCE]
    go_to STORE, .Lstore_rows
.Lgroup_rows:
    ldr r2, [sp, #END]
    subs r2, r2, r9
    beq.w .Ldone
    ldr r0, [sp, #SOURCE]
    cmp r0, #0
    beq.w .Lgroup
    cmp r2, #16
    it hi
    movhi r2, #16
    add r1, sp, #GROUP
    str r1, [sp, #RESIDUAL]
    rows r1
    str r0, [sp, #SOURCE]
    b.w .Lgroup

    .balign 4
.Lstore_rows:
    add r12, sp, #GROUP
    stm r12, {r0, r2, r4, r6}
    ldr r2, [sp, #END]
    sub r2, r2, r9
    cmp r2, #16
    it hi
    movhi r2, #16
    add r9, r9, r2
    mov r0, r12
    ldr r1, [sp, #Y]
    rows r0
    str r1, [sp, #Y]
    str r5, [r4, #CH_COLUMN]
    b.w .Lgroup_rows

.Ldone:
    add sp, #FRAME
    pop {r4-r11, pc}
    .size hfn_channel_narrow, . - hfn_channel_narrow

#endif
