/* hfn_channel_narrow for Helium (Armv8.1-M with integer vectors): channel_narrow.c bit for bit.
 *
 * A block is 16 pixels in two registers of eight 16-bit lanes: of each two pixels p0, p1 one sums p0 + 2^8·p1, which is
 * how two bytes lie in a lane anyway, the other p1 alone. Lanes wrap; p0 is what is left of the first without the
 * second, and by N1 only the final values must fit. Bytes up to 127 are added to each other before they are widened:
 * two list entries take 6 instructions a block, and 3 for their addresses. A group is up to three blocks, so that
 * q0-q5 hold the sums and q6, q7 what is loaded. The last block may read past the planes, as in channel.h.
 *
 * Two entries are read as a word at any halfword, which this core does unless CCR.UNALIGN_TRP is set (a compiler's code
 * for it needs the same). */
#include "asm.h"
#include "channel_offsets.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_MVE

    .text

    /* The frame. */
    .equ SUMS, 0   /* of a group: two registers a block */
    .equ GROUP, 96 /* residuals, then outputs, of a group that is not whole or has gaps */
    .equ LISTS, 144
    .equ START, 168      /* of a lane */
    .equ SIMPLE, 172     /* whether there is neither a residual nor anything to double; these six are loaded at once */
    .equ TO, 176         /* the next group's outputs */
    .equ OFFSET, 180     /* (b·2^u + half)·2^(16-s) */
    .equ SECOND, 184     /* -2^8: what the second lanes take off the first */
    .equ MULTIPLIER, 188 /* m·2^(16-s), or m·2^8 for s < 8 */
    .equ LO, 192
    .equ RATIO, 196  /* r·2^(v+8-s) */
    .equ DOUBLE, 200 /* how often: max(0, 8-s) */
    .equ FROM, 204   /* the next group's residuals; where there are none, RATIO is 0 and these are any bytes */
    .equ WHOLE, 208  /* the planes behind the last block that is whole and has no gap */
    .equ END, 212    /* the planes behind the band */
    .equ LIMIT, 216  /* WHOLE, then END */
    .equ BEGIN, 220  /* the planes of a group that is not whole or has gaps */
    .equ DEST, 224   /* its place in the output */
    .equ SOURCE, 228 /* and in the residual, or 0 */
    .equ CHANNEL, 232
    .equ FRAME, 240

    /* Adds a block's bytes, in \sum, to its lanes or, with vsub, takes them off. */
    .macro widen op, sum, both, second
    \op\().i16 \both, \both, \sum
    vshr.u16 \sum, \sum, #8
    \op\().i16 \second, \second, \sum
    .endm

    /* One entry of the list at r0. Planes are at r5. */
    .macro single op, blocks
    ldrh r1, [r0], #2
    add r1, r5
    vldrb.u8 q6, [r1]
    .if \blocks > 1
    vldrb.u8 q7, [r1, #16]
    .endif
    widen \op, q6, q0, q1
    .if \blocks > 2
    vldrb.u8 q6, [r1, #32]
    .endif
    .if \blocks > 1
    widen \op, q7, q2, q3
    .endif
    .if \blocks > 2
    widen \op, q6, q4, q5
    .endif
    .endm

    /* Two entries, of bytes up to 127. */
    .macro double op, blocks
    ldr r1, [r0], #4
    uxtah r2, r5, r1
    uxtah r3, r5, r1, ror #16
    vldrb.u8 q6, [r2]
    vldrb.u8 q7, [r3]
    vadd.i8 q6, q6, q7
    .if \blocks > 1
    vldrb.u8 q7, [r2, #16]
    .endif
    widen \op, q6, q0, q1
    .if \blocks > 1
    vldrb.u8 q6, [r3, #16]
    vadd.i8 q7, q7, q6
    .if \blocks > 2
    vldrb.u8 q6, [r2, #32]
    .endif
    widen \op, q7, q2, q3
    .endif
    .if \blocks > 2
    vldrb.u8 q7, [r3, #32]
    vadd.i8 q6, q6, q7
    widen \op, q6, q4, q5
    .endif
    .endm

    .macro accumulate op, list, singles, doubles, blocks
    mov r0, \list
    wls lr, \singles, 2f
1:  single \op, \blocks
    le lr, 1b
2:  wls lr, \doubles, 4f
3:  double \op, \blocks
    le lr, 3b
4:
    .endm

    /* t·2^(16-s) of each of eight lanes in 32 bits, first those of the upper half of each word, whose upper halves are
     * the results: q6 is the multiplier, r2 the offset. */
    .macro scale upper, lanes
    vmullt.s16 \upper, \lanes, q6
    vmullb.s16 \lanes, \lanes, q6
    vadd.i32 \upper, \upper, r2
    vadd.i32 \lanes, \lanes, r2
    .endm

    /* Adds residuals, each as 256·x: q5 is their multiplier. */
    .macro scale_add upper, lanes, x, spare
    vmullt.s16 \spare, \x, q5
    vmullb.s16 \x, \x, q5
    vadd.i32 \upper, \upper, \spare
    vadd.i32 \lanes, \lanes, \x
    .endm

    /* Clamps the results of a block and writes them at r1: saturation leaves -128 and what is below lo. */
    .macro store first, second, lo
    vqmovnb.s16 \first, \first
    vqmovnt.s16 \first, \second
    vmax.s8 \first, \first, \lo
    vstrb.8 \first, [r1], #16
    .endm

    /* A block from sums to outputs. q7 is anything, and q1, once it is, becomes lo. */
    .macro finish both, second
    vmla.s16 \both, \second, r3
    scale q7, \both
    vsri.32 q7, \both, #16
    scale \both, \second
    vsri.32 \both, \second, #16
    .ifc \second, q1
    vdup.8 q1, r12
    .endif
    store q7, \both, q1
    .endm

    /* So many blocks, from r5 on. What is not simple goes on from SUMS. */
    .macro group blocks
    ldr r1, [sp, #START]
    add r2, r1, r1, lsl #8
    vdup.16 q0, r2
    vdup.16 q1, r1
    .if \blocks > 1
    vdup.16 q2, r2
    vdup.16 q3, r1
    .endif
    .if \blocks > 2
    vdup.16 q4, r2
    vdup.16 q5, r1
    .endif
    accumulate vsub, r6, r7, r8, \blocks
    accumulate vadd, r9, r10, r11, \blocks
    add r5, r5, #16 * \blocks
    add r0, sp, #SIMPLE
    ldm r0, {r0-r4, r12}
    vdup.16 q6, r4
    cmp r0, #0
    beq.w 5f
    finish q0, q1
    .if \blocks > 1
    finish q2, q3
    .endif
    .if \blocks > 2
    finish q4, q5
    .endif
    b.w .Lscaled
5:  vstrw.32 q0, [sp, #SUMS]
    vstrw.32 q1, [sp, #SUMS + 16]
    .if \blocks > 1
    vstrw.32 q2, [sp, #SUMS + 32]
    vstrw.32 q3, [sp, #SUMS + 48]
    .endif
    .if \blocks > 2
    vstrw.32 q4, [sp, #SUMS + 64]
    vstrw.32 q5, [sp, #SUMS + 80]
    .endif
    mov lr, #\blocks
    .endm

    /* For the list between the channel's pointers from and to: where it starts, its entries to add one by one and, after
     * them, those in twos. r3 is the channel's has_sign. */
    .macro prepare list, singles, doubles, from, to
    ldr \list, [r4, #\from]
    ldr \doubles, [r4, #\to]
    sub \doubles, \doubles, \list
    lsr \doubles, \doubles, #1
    and \singles, \doubles, #1
    lsr \doubles, \doubles, #1
    cmp r3, #0
    itt ne
    addne \singles, \singles, \doubles, lsl #1
    movne \doubles, #0
    .endm

    /* Copies r2 of the group's pixels, but for those in a gap, from r0 to r1; \group is the register that walks the
     * group. Leaves r6, the next pixel's column. */
    .macro rows group
    ldr r4, [sp, #CHANNEL]
    ldrd r6, r7, [r4, #CH_COLUMN]
    ldr r8, [r4, #CH_GAP]
1:  sub r3, r7, r6
    cmp r3, r2
    it hi
    movhi r3, r2
    mov r9, r0
    mov r10, r1
    add r0, r0, r3
    add r1, r1, r3
    add r6, r6, r3
    sub r2, r2, r3
    dlstp.8 lr, r3
2:  vldrb.u8 q0, [r9], #16
    vstrb.8 q0, [r10], #16
    letp lr, 2b
    cmp r6, r7
    ittt eq
    moveq r6, #0
    addeq \group, \group, r8
    subeq r2, r2, r8
    cmp r2, #0
    bgt 1b
    .endm

    entry hfn_channel_narrow
    push {r4-r11, lr}
    sub sp, #4 /* the stack stays aligned to 8 */
    vpush {d8-d15}
    sub sp, #FRAME
    mov r4, r0
    str r4, [sp, #CHANNEL]
    ldrd r3, r0, [r4, #CH_HAS_SIGN]
    str r0, [sp, #START]
    prepare r6, r7, r8, CH_MINUS, CH_LIST_END
    prepare r9, r10, r11, CH_LIST, CH_PLUS_END
    add r0, sp, #LISTS
    stm r0, {r6-r11}

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
    it lo
    movlo r2, #0
    strd r0, r2, [sp, #RATIO]
    ldr r0, [r4, #CH_MULTIPLIER]
    add r1, r1, r2
    rsb r1, r1, #16
    lsls r0, r0, r1
    str r0, [sp, #MULTIPLIER]
    ldr r0, [r4, #CH_LO]
    str r0, [sp, #LO]

    ldrd r0, r1, [r4, #CH_Y]
    orrs r2, r2, r1
    clz r2, r2
    lsrs r2, r2, #5
    str r2, [sp, #SIMPLE]
    cmp r1, #0
    it eq
    moveq r1, r0
    str r0, [sp, #TO]
    str r1, [sp, #FROM]
    mvn r0, #255
    str r0, [sp, #SECOND]

    ldr r5, [r4, #CH_PLANES]
    ldr r0, [r4, #CH_PIXELS]
    add r1, r5, r0
    str r1, [sp, #END]
    ldr r2, [r4, #CH_GAP]
    bic r0, r0, #15
    cbz r2, 1f
    movs r0, #0
1:  add r0, r5
    str r0, [sp, #WHOLE]
    str r0, [sp, #LIMIT]
    cmp r0, r5
    beq.w .Lrest

.Lgroup:
    ldr r1, [sp, #LIMIT]
    subs r1, r1, r5
    cmp r1, #32
    bhi .Lthree
    cmp r1, #16
    bhi.w .Ltwo
    group 1
    b.w .Lscale_add
.Lthree:
    group 3
    b.w .Lscale_add
.Ltwo:
    group 2

    /* Residuals, lanes doubled, or both. */
.Lscale_add:
    dls lr, lr
    ldrd r0, r4, [sp, #RATIO]
    vdup.16 q5, r0
    ldr r6, [sp, #FROM]
    mov r0, sp
1:  vldrw.32 q0, [r0], #16
    vldrw.32 q1, [r0], #16
    vmla.s16 q0, q1, r3
    vshl.s16 q0, r4
    vshl.s16 q1, r4
    vldrb.u8 q4, [r6], #16
    scale q2, q0
    vshl.i16 q7, q4, #8
    scale_add q2, q0, q7, q3
    vsri.32 q2, q0, #16
    scale q3, q1
    vbic.i16 q4, #255
    scale_add q3, q1, q4, q7
    vsri.32 q3, q1, #16
    vdup.8 q0, r12
    store q2, q3, q0
    le lr, 1b
    str r6, [sp, #FROM]
    ldr r6, [sp, #LISTS]
.Lscaled:
    str r1, [sp, #TO]
    ldr r1, [sp, #WHOLE]
    cmp r5, r1
    blo.w .Lgroup
    bhi .Lout

    /* Groups with gaps, and the last pixels of a band that is no multiple of 16, go through GROUP. */
.Lrest:
    ldr r0, [sp, #TO]
    ldr r1, [sp, #FROM]
    ldr r4, [sp, #CHANNEL]
    ldr r2, [r4, #CH_RESIDUAL]
    cmp r2, #0
    it eq
    moveq r1, #0
    strd r0, r1, [sp, #DEST]
    ldr r0, [sp, #END]
    str r0, [sp, #LIMIT]
.Lrows:
    ldr r2, [sp, #END]
    subs r2, r2, r5
    bls .Ldone
    str r5, [sp, #BEGIN]
    add r1, sp, #GROUP
    str r1, [sp, #TO]
    str r1, [sp, #FROM]
    ldr r0, [sp, #SOURCE]
    cbz r0, 3f
    cmp r2, #48
    it hi
    movhi r2, #48
    rows r1
    str r0, [sp, #SOURCE]
3:  add r0, sp, #LISTS
    ldm r0, {r6-r11}
    b.w .Lgroup

.Lout:
    ldr r2, [sp, #END]
    ldr r0, [sp, #BEGIN]
    sub r2, r2, r0
    cmp r2, #48
    it hi
    movhi r2, #48
    add r0, sp, #GROUP
    ldr r1, [sp, #DEST]
    rows r0
    str r1, [sp, #DEST]
    str r6, [r4, #CH_COLUMN]
    b .Lrows

.Ldone:
    add sp, #FRAME
    vpop {d8-d15}
    add sp, #4
    pop {r4-r11, pc}
    .size hfn_channel_narrow, . - hfn_channel_narrow

#endif
