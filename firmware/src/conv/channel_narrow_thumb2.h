/* Macros that channel_narrow_v7m.S and channel_narrow_dsp.S have in common. Both keep CHANNEL in their frame. */
#ifndef HFN_CHANNEL_NARROW_THUMB2_H
#define HFN_CHANNEL_NARROW_THUMB2_H

#include "asm.h"
#include "channel_offsets.h"

/* clang-format off */

#if HFN_ISA == HFN_ISA_V7M || HFN_ISA == HFN_ISA_DSP

    /* r\register = a place in the code, to jump to */
    .macro place register, label
    adr.w \register, \label
    orr \register, \register, #1
    .endm

    /* Sets a slot of the frame to a place in the code. Takes r0. */
    .macro go_to slot, label
    place r0, \label
    str r0, [sp, #\slot]
    .endm

    /* Copies r2 of the group's pixels, but for those in a gap, from r0 to r1; \group is the register that walks the
     * group. Leaves r4 = channel and r5 = the next pixel's column; takes r3, \columns and \gap. */
    .macro rows group, columns, gap
    ldr r4, [sp, #CHANNEL]
    ldrd r5, \columns, [r4, #HFN_CH_COLUMN]
    ldr \gap, [r4, #HFN_CH_GAP]
9:  ldrb r3, [r0], #1
    strb r3, [r1], #1
    adds r5, r5, #1
    subs r2, r2, #1
    cmp r5, \columns
    ittt eq
    moveq r5, #0
    addeq \group, \group, \gap
    subeq r2, r2, \gap
    cmp r2, #0
    bgt 9b
    .endm

#endif

#endif
