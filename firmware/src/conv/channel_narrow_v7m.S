/* hfn_channel_narrow for Armv7-M without the DSP extension: channel_narrow.c bit for bit.
 *
 * Twelve pixels at a time in r0-r5, an even and an odd sum for each of three words (lanes.h). Bytes up to 127 are added to
 * each other before, so two list entries take 18 instructions. In the end each pixel p is there as p + 32768, not negative.
 * Lists are entered by a computed jump, and what follows the sums is chosen once a channel. */
#include "asm.h"
#include "channel_offsets.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_V7M

    .text

    /* A list in the frame. */
    .equ LIST, 0
    .equ FIRST, 4   /* where to start */
    .equ ENTRY, 8   /* where in the loop of pairs */
    .equ STOP, 12   /* the end of the pairs, or of all */
    .equ SINGLE, 16 /* the entry without a partner, if there is one */

    /* The frame. */
    .equ EVEN, 0 /* sums of a new group */
    .equ ODD, 4
    .equ MINUS, 8
    .equ PLUS, 28
    .equ SCALE, 48      /* where to go with the sums */
    .equ MULTIPLIER, 52 /* m·2^(16-s) */
    .equ OFFSET, 56     /* (b·2^u + half)·2^(16-s) - 32768·MULTIPLIER */
    .equ RATIO, 60      /* r·2^v·2^(16-s) */
    .equ STORE, 64      /* where to go with 12 outputs in r0, r2, r4 */
    .equ Y, 68
    .equ RESIDUAL, 72 /* of the group */
    .equ SOURCE, 76   /* of the next group that is not whole */
    .equ WHOLE, 80    /* the planes behind the last whole group that has no gap */
    .equ END, 84      /* the planes behind the band */
    .equ CHANNEL, 88
    .equ GROUP, 92 /* twelve bytes: residuals, then outputs, of a group that is not whole or has gaps */
    .equ FRAME, 104

    .equ PIXELS, 12
    .equ UNROLLED, 8
    .equ BYTESadd, 56 /* of code, for two list entries */
    .equ BYTESsub, 62

    .macro accumulate op
    \op\().w r1, r1, r8, lsr #8
    bic r8, r8, #0xFF00FF00
    \op r0, r0, r8
    \op\().w r3, r3, r9, lsr #8
    bic r9, r9, #0xFF00FF00
    \op r2, r2, r9
    \op\().w r5, r5, r10, lsr #8
    bic r10, r10, #0xFF00FF00
    \op r4, r4, r10
    .endm

    /* Adds or subtracts a list's planes, from r7 on. */
    .macro list at, op
    ldr r6, [sp, #\at + LIST]
    ldr pc, [sp, #\at + FIRST]

.Lsigned\at: /* bytes up to 255 */
    ldrh r8, [r6], #2
    add r8, r7
    ldm r8, {r8, r9, r10}
    accumulate \op
    ldr r8, [sp, #\at + STOP]
    cmp r6, r8
    bne .Lsigned\at
    b.w .Lend\at

.Lsingle\at:
    ldr r8, [sp, #\at + SINGLE]
    add r8, r7
    ldm r8, {r8, r9, r10}
    accumulate \op
    ldr pc, [sp, #\at + ENTRY]

    .balign 4
.Lpairs\at:
    .rept UNROLLED
    ldrh r8, [r6], #2
    ldrh r11, [r6], #2
    add r8, r7
    add r11, r7
    ldm r8, {r8, r9, r10}
    ldm r11, {r11, r12, lr}
    add r8, r11
    add r9, r12
    add r10, lr
    accumulate \op
    .endr
    ldr r8, [sp, #\at + STOP]
    cmp r6, r8
    bne.w .Lpairs\at
.Lend\at:
    .endm

    /* Sets the list in the frame, between the channel's pointers from and to. */
    .macro prepare at, from, to, op
    ldr r0, [r4, #\from]
    ldr r1, [r4, #\to]
    str r0, [sp, #\at + LIST]
    adr.w r2, .Lsigned\at
    ldr r3, [r4, #CH_HAS_SIGN]
    cbz r3, 1f
    cmp r0, r1
    bne 4f
    adr.w r2, .Lend\at
    b 4f
1:  subs r5, r1, r0
    adr.w r2, .Lend\at
    lsrs r3, r5, #2 /* pairs */
    beq 2f
    adr.w r2, .Lpairs\at
    rsbs r3, r3, #0 /* so many short of a multiple of UNROLLED: they are skipped */
    and r3, r3, #UNROLLED - 1
    movs r6, #BYTES\op
    mla r2, r3, r6, r2
2:  lsls r5, r5, #30 /* not 0 if there is an entry without a partner */
    beq 4f
    ldrh r3, [r1, #-2]!
    str r3, [sp, #\at + SINGLE]
    orr r2, r2, #1
    str r2, [sp, #\at + ENTRY]
    adr.w r2, .Lsingle\at
4:  str r1, [sp, #\at + STOP]
    orr r2, r2, #1
    str r2, [sp, #\at + FIRST]
    .endm

    .macro go_to slot, label
    adr.w r0, \label
    orr r0, r0, #1
    str r0, [sp, #\slot]
    .endm

    /* A word's pixels 0..3 to \even, r11, r10, \odd and, by r8 and r9, to t·2^(16-s). */
    .macro scale even, odd
    lsrs r10, \even, #16
    sub \odd, \odd, r10, lsl #8
    uxth \even, \even
    uxth r11, \odd
    lsrs \odd, \odd, #16
    mla \even, r8, \even, r9
    mla r11, r8, r11, r9
    mla r10, r8, r10, r9
    mla \odd, r8, \odd, r9
    .endm

    .macro add_residual t, at
    ldrsb r12, [r6, #\at]
    mla \t, r12, lr, \t
    .endm

    .macro clamp how, bits, even, odd
    \how \even, #\bits, \even, asr #16
    \how r11, #\bits, r11, asr #16
    \how r10, #\bits, r10, asr #16
    \how \odd, #\bits, \odd, asr #16
    bfi \even, r11, #8, #8
    bfi \even, r10, #16, #8
    bfi \even, \odd, #24, #8
    .endm

    /* -128 to -127: as x + 128, adds 1 to a byte of 0, whose highest bit the sum with 127 and itself leaves clear. */
    .macro mend word
    eor \word, \word, #0x80808080
    bic r10, \word, #0x80808080
    add r10, r10, #0x7F7F7F7F
    orr r10, r10, \word
    mvn r10, r10
    and r10, r10, #0x80808080
    add \word, \word, r10, lsr #7
    eor \word, \word, #0x80808080
    .endm

    .macro scale_word even, odd, at, has_residual, how, bits
    scale \even, \odd
    .if \has_residual
    add_residual \even, \at
    add_residual r11, \at + 1
    add_residual r10, \at + 2
    add_residual \odd, \at + 3
    .endif
    clamp \how, \bits, \even, \odd
    .endm

    .macro scale_group has_residual, how, bits
    ldrd r8, r9, [sp, #MULTIPLIER]
    .if \has_residual
    ldr r6, [sp, #RESIDUAL]
    ldr lr, [sp, #RATIO]
    .endif
    scale_word r0, r1, 0, \has_residual, \how, \bits
    scale_word r2, r3, 4, \has_residual, \how, \bits
    scale_word r4, r5, 8, \has_residual, \how, \bits
    .if \has_residual
    add r6, r6, #PIXELS
    str r6, [sp, #RESIDUAL]
    .endif
    .endm

    /* r2 = pixels of the group, or equal */
    .macro left
    ldr r2, [sp, #END]
    subs r2, r2, r7
    cmp r2, #PIXELS
    it hi
    movhi r2, #PIXELS
    cmp r2, #0
    .endm

    /* Copies r2 of the group's pixels, but for those in a gap, from r0 to r1; \group is the register that walks the
     * group. */
    .macro rows group
    ldr r4, [sp, #CHANNEL]
    ldrd r5, r6, [r4, #CH_COLUMN]
    ldr r8, [r4, #CH_GAP]
9:  ldrb r3, [r0], #1
    strb r3, [r1], #1
    adds r5, r5, #1
    subs r2, r2, #1
    cmp r5, r6
    ittt eq
    moveq r5, #0
    addeq \group, \group, r8
    subeq r2, r2, r8
    cmp r2, #0
    bgt 9b
    .endm

    entry hfn_channel_narrow
    push {r4-r11, lr}
    sub sp, #FRAME
    mov r4, r0
    str r4, [sp, #CHANNEL]
    prepare MINUS, CH_MINUS, CH_LIST_END, sub
    prepare PLUS, CH_LIST, CH_PLUS_END, add
    ldr r0, [r4, #CH_START]
    add r0, r0, #32768
    add r1, r0, r0, lsl #16
    str r1, [sp, #EVEN]
    add r1, r1, r0, lsl #8
    str r1, [sp, #ODD]

    ldr r3, [r4, #CH_SHIFT]
    rsb r3, r3, #16
    ldr r0, [r4, #CH_MULTIPLIER]
    lsls r0, r0, r3
    str r0, [sp, #MULTIPLIER]
    ldr r1, [r4, #CH_OFFSET]
    lsls r1, r1, r3
    sub r1, r1, r0, lsl #15
    str r1, [sp, #OFFSET]
    ldr r0, [r4, #CH_RATIO]
    lsls r0, r0, r3
    str r0, [sp, #RATIO]
    ldr r0, [r4, #CH_Y]
    str r0, [sp, #Y]
    ldr r5, [r4, #CH_RESIDUAL]
    str r5, [sp, #RESIDUAL]
    ldr r6, [r4, #CH_LO]
    adr.w r0, .Lscale
    adr.w r1, .Lscale_signed
    cbz r5, 1f
    adr.w r0, .Lscale_add
    adr.w r1, .Lscale_add_signed
1:  cmp r6, #0
    it ne
    movne r0, r1
    orr r0, r0, #1
    str r0, [sp, #SCALE]
    go_to STORE, .Lstore

    ldr r7, [r4, #CH_PLANES]
    ldr r0, [r4, #CH_PIXELS]
    add r1, r7, r0
    str r1, [sp, #END]
    ldr r1, [r4, #CH_GAP]
    movs r2, #PIXELS
    udiv r0, r0, r2
    muls r0, r2, r0
    cbz r1, 1f
    movs r0, #0
1:  add r1, r7, r0
    str r1, [sp, #WHOLE]
    cmp r0, #0
    beq.w .Lrest

.Lgroup:
    ldrd r0, r1, [sp, #EVEN]
    mov r2, r0
    mov r3, r1
    mov r4, r0
    mov r5, r1
    list MINUS, sub
    list PLUS, add
    ldr pc, [sp, #SCALE]

    .balign 4
.Lscale_signed:
    scale_group 0, ssat, 8
    b .Lmend

    .balign 4
.Lscale_add_signed:
    scale_group 1, ssat, 8
.Lmend:
    mend r0
    mend r2
    mend r4
    ldr pc, [sp, #STORE]

    .balign 4
.Lscale_add:
    scale_group 1, usat, 7
    ldr pc, [sp, #STORE]

    .balign 4
.Lscale:
    scale_group 0, usat, 7
    ldr pc, [sp, #STORE]

    .balign 4
.Lstore:
    ldr r8, [sp, #Y]
    stm r8!, {r0, r2, r4}
    str r8, [sp, #Y]
    adds r7, r7, #PIXELS
    ldr r8, [sp, #WHOLE]
    cmp r7, r8
    bne.w .Lgroup

    /* Groups with gaps, and the last one of a band that is no multiple of 12, go through GROUP byte by byte. */
.Lrest:
    ldr r0, [sp, #RESIDUAL]
    str r0, [sp, #SOURCE]
    go_to STORE, .Lstore_rows
.Lgroup_rows:
    left
    beq.w .Ldone
    ldr r0, [sp, #SOURCE]
    cmp r0, #0
    beq.w .Lgroup
    add r1, sp, #GROUP
    str r1, [sp, #RESIDUAL]
    rows r1
    str r0, [sp, #SOURCE]
    b.w .Lgroup

    .balign 4
.Lstore_rows:
    add r8, sp, #GROUP
    stm r8, {r0, r2, r4}
    left
    add r7, r7, r2
    mov r0, r8
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
