/* hfn_channel_narrow for Helium (Armv8.1-M with integer vectors): channel_narrow.c bit for bit.
 *
 * A block is 16 pixels in two registers of eight 16-bit lanes: of each two pixels p0, p1 one sums p0 + 2^8·p1, which is
 * how two bytes lie in a lane anyway, the other p1 alone. Lanes wrap; p0 is what is left of the first without the
 * second, and by N1 only the final values must fit. Bytes up to 127 are added to each other before they are widened:
 * two list entries take 6 instructions a block, and 3 for their addresses. A group is up to three blocks, so that
 * q0-q5 hold the sums and q6, q7 what is loaded. The last block may read past the planes, as in channel.h.
 *
 * Two entries are read as a word at any halfword, which this core does unless CCR.UNALIGN_TRP is set (a compiler's code
 * for it needs the same).
 *
 * The lists, the requantisation and the stores are parts of their own, channel_narrow_mve_*.h, and run in the frame
 * below. */
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

#include "channel_narrow_mve_lists.h"
#include "channel_narrow_mve_scale.h"

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

    entry hfn_channel_narrow
    push {r4-r11, lr}
    sub sp, #4 /* the stack stays aligned to 8 */
    vpush {d8-d15}
    sub sp, #FRAME
    mov r4, r0
    str r4, [sp, #CHANNEL]
    ldrd r3, r0, [r4, #HFN_CH_HAS_SIGN]
    str r0, [sp, #START]
    prepare r6, r7, r8, HFN_CH_MINUS, HFN_CH_LIST_END
    prepare r9, r10, r11, HFN_CH_LIST, HFN_CH_PLUS_END
    add r0, sp, #LISTS
    stm r0, {r6-r11}

    ldr r1, [r4, #HFN_CH_SHIFT]
    ldr r0, [r4, #HFN_CH_OFFSET]
    rsb r2, r1, #16
    lsls r0, r0, r2
    str r0, [sp, #OFFSET]
    ldr r0, [r4, #HFN_CH_RATIO] /* r·2^v: a multiple of 2^(s-8) by N3 */
    rsbs r2, r1, #8
    itee hs
    lslhs r0, r0, r2
    sublo r3, r1, #8
    asrlo r0, r0, r3
    it lo
    movlo r2, #0
    strd r0, r2, [sp, #RATIO]
    ldr r0, [r4, #HFN_CH_MULTIPLIER]
    add r1, r1, r2
    rsb r1, r1, #16
    lsls r0, r0, r1
    str r0, [sp, #MULTIPLIER]
    ldr r0, [r4, #HFN_CH_LO]
    str r0, [sp, #LO]

    ldrd r0, r1, [r4, #HFN_CH_Y]
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

    ldr r5, [r4, #HFN_CH_PLANES]
    ldr r0, [r4, #HFN_CH_PIXELS]
    add r1, r5, r0
    str r1, [sp, #END]
    ldr r2, [r4, #HFN_CH_GAP]
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

.Lscale_add:
    finish_sums
    ldr r6, [sp, #LISTS]
.Lscaled:
    str r1, [sp, #TO]
    ldr r1, [sp, #WHOLE]
    cmp r5, r1
    blo.w .Lgroup
    bhi .Lout

#include "channel_narrow_mve_store.h"

.Ldone:
    add sp, #FRAME
    vpop {d8-d15}
    add sp, #4
    pop {r4-r11, pc}
    .size hfn_channel_narrow, . - hfn_channel_narrow

#endif
