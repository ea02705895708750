/* hfn_channel_narrow for Armv7-M without the DSP extension: channel_narrow.c bit for bit.
 *
 * Twelve pixels at a time in r0-r5, an even and an odd sum for each of three words (lanes.h). Bytes up to 127 are added to
 * each other before, so two list entries take 18 instructions. In the end each pixel p is there as p + 32768, not negative.
 * Lists are entered by a computed jump, and what follows the sums is chosen once a channel.
 *
 * The lists, the requantisation and the stores are parts of their own, channel_narrow_v7m_*.h, and run in the frame
 * below. */
#include "asm.h"
#include "channel_narrow_thumb2.h"
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

#include "channel_narrow_v7m_lists.h"

    entry hfn_channel_narrow
    push {r4-r11, lr}
    sub sp, #FRAME
    mov r4, r0
    str r4, [sp, #CHANNEL]
    prepare MINUS, HFN_CH_MINUS, HFN_CH_LIST_END, sub
    prepare PLUS, HFN_CH_LIST, HFN_CH_PLUS_END, add
    ldr r0, [r4, #HFN_CH_START]
    add r0, r0, #32768
    add r1, r0, r0, lsl #16
    str r1, [sp, #EVEN]
    add r1, r1, r0, lsl #8
    str r1, [sp, #ODD]

    ldr r3, [r4, #HFN_CH_SHIFT]
    rsb r3, r3, #16
    ldr r0, [r4, #HFN_CH_MULTIPLIER]
    lsls r0, r0, r3
    str r0, [sp, #MULTIPLIER]
    ldr r1, [r4, #HFN_CH_OFFSET]
    lsls r1, r1, r3
    sub r1, r1, r0, lsl #15
    str r1, [sp, #OFFSET]
    ldr r0, [r4, #HFN_CH_RATIO]
    lsls r0, r0, r3
    str r0, [sp, #RATIO]
    ldr r0, [r4, #HFN_CH_Y]
    str r0, [sp, #Y]
    ldr r5, [r4, #HFN_CH_RESIDUAL]
    str r5, [sp, #RESIDUAL]
    ldr r6, [r4, #HFN_CH_LO]
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

    ldr r7, [r4, #HFN_CH_PLANES]
    ldr r0, [r4, #HFN_CH_PIXELS]
    add r1, r7, r0
    str r1, [sp, #END]
    ldr r1, [r4, #HFN_CH_GAP]
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

#include "channel_narrow_v7m_scale.h"
#include "channel_narrow_v7m_store.h"

.Ldone:
    add sp, #FRAME
    pop {r4-r11, pc}
    .size hfn_channel_narrow, . - hfn_channel_narrow

#endif
