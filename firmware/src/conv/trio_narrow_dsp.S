/* hfn_trio_narrow for cores with the DSP instructions: trio_narrow.c bit for bit.
 *
 * Twelve pixels at a time in r0-r5, as in channel_narrow_dsp.S. What a group does is written once, as a thread: words in
 * turn that are places in the code below, each followed by what it takes, mostly words of two list entries. Each place
 * ends with a jump to the thread's next word. Lists are entered in unrolled code so that as many items are left as
 * follow; so nothing is counted, and nothing compared, within a group.
 *
 * Of each list what is left of the longer sign goes first, with the sums negated before and behind if it is minus. The
 * lists go on with the sums so far: first a kind's two with a third weight, between which the sums are noted, as the
 * third channel has their difference, then the one without.
 *
 * The last pixels of a band that are no whole group are computed as one, with residuals and outputs in the frame. */
#include "asm.h"
#include "channel_narrow_thumb2.h"
#include "channel_offsets.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_DSP

#include "channel_narrow_dsp_taps.h"

    .text

    .equ THREAD, 0 /* the frame: where the thread starts */
    .equ AT, 4     /* where it is while a channel is put out, and the channel's record */
    .equ OUTPUT, 8
    .equ WHOLE, 12 /* as in channel_narrow_dsp.S, up to RATIO */
    .equ SCALE, 16
    .equ SCALED, 20
    .equ DOUBLE, 24
    .equ CLAMP, 28
    .equ STORE, 32
    .equ END, 36
    .equ RATIO, 40
    .equ RESIDUAL, 44 /* of the channel that is put out; from here to Y a record of four words */
    .equ MULTIPLIER, 48
    .equ OFFSET, 52
    .equ Y, 56
    .equ OUTPUTS, 60 /* the channels' records */
    .equ OUTPUT_SIZE, 16
    .equ MARK, 108   /* sums, six words: between a kind's lists */
    .equ ALIKE, 132  /* behind all of alike */
    .equ DIFFERENCE, 156 /* what the second channel starts with */
    .equ THIRDS, 180 /* of each kind, twice MARK less the sums behind the second list */
    .equ LAST, 276   /* of each channel, three words: residuals, then outputs, of a group that is not whole */
    .equ LAST_Y, 312 /* of each channel, where they belong */
    .equ THIRD, 324  /* where the next of THIRDS goes */
    .equ FRAME, 332

    .equ UNLIKES, 4 /* unrolled */
    .equ LIKES, 2

    .macro next
    ldr pc, [r6], #4
    .endm

    entry hfn_trio_narrow
    push {r4-r11, lr}
    sub sp, #FRAME
    mov r4, r0
    ldr r0, [r4, #HFN_TRIO_THREAD]
    str r0, [sp, #THREAD]
#include "trio_narrow_dsp_thread.h"

    ldr r5, [r4, #HFN_CH_PLANES]
    add r12, r4, #HFN_CH_OWN
    ldm r12, {r0-r3, r6, r8-r10}
    cmp r1, #0
    beq.w .Lopen
.Lopened:
    add r12, sp, #WHOLE
    stm r12, {r0-r3, r6, r8-r10}
    ldr r6, [r4, #HFN_CH_SHIFT]
    rsb r6, r6, #16
    sub r8, r6, r3
    add r8, r8, #16
    add r1, r4, #HFN_TRIO_OUTPUT
    add r2, sp, #OUTPUTS
    movs r3, #3
1:  ldm r1!, {r9-r12}
    lsl r10, r10, r8
    lsl r11, r11, r6
    stm r2!, {r9-r12}
    subs r3, r3, #1
    bne 1b
    mov r7, r5
    cmp r0, r7
    beq.w .Llast

.Lgroup:
    ldr r6, [sp, #THREAD]
    add r0, sp, #THIRDS
    str r0, [sp, #THIRD]
    .irp lanes, r0, r1, r2, r3, r4, r5
    movs \lanes, #0
    .endr
    next

    .balign 4
.Lbehind: /* where to go behind each list; 0: a channel is put out */
    .irp kind, .Lalike, .Lunlike
    .short .Lmark + 1 - .Lbehind, .Lbetween + 1 - .Lbehind, \kind + 1 - .Lbehind
    .endr
    .rept 2
    .short .Lmark + 1 - .Lbehind, .Lbetween + 1 - .Lbehind, 0
    .endr
    .short 0

    .balign 4
.Lnegate: /* a sum x becomes -1 - x */
    .irp lanes, r0, r1, r2, r3, r4, r5
    mvn \lanes, \lanes
    .endr
    next

    .balign 4
.Lsingle:
    single
    next

    .balign 4
    .rept LIKES
    like
    .endr
.Llikes_end:
    next

    .balign 4
    .rept UNLIKES
    unlike
    .endr
.Lunlikes_end:
    next

    .balign 4
.Lmark:
    add r12, sp, #MARK
    stm r12, {r0-r5}
    next

    /* Twice r6, r8-r11, lr, less r0-r5. */
    .macro twice_less
    sadd16 r6, r6, r6
    ssub16 r6, r6, r0
    sadd16 r8, r8, r8
    ssub16 r8, r8, r1
    sadd16 r9, r9, r9
    ssub16 r9, r9, r2
    sadd16 r10, r10, r10
    ssub16 r10, r10, r3
    sadd16 r11, r11, r11
    ssub16 r11, r11, r4
    sadd16 lr, lr, lr
    ssub16 lr, lr, r5
    .endm

    .balign 4
.Lbetween:
    str r6, [sp, #AT]
    add r12, sp, #MARK
    ldm r12, {r6, r8-r11, lr}
    twice_less
    ldr r12, [sp, #THIRD]
    stm r12!, {r6, r8-r11, lr}
    str r12, [sp, #THIRD]
    ldr r6, [sp, #AT]
    next

    .balign 4
.Lalike:
    add r12, sp, #ALIKE
    stm r12, {r0-r5}
    next

    .balign 4
.Lunlike:
    str r6, [sp, #AT]
    add r12, sp, #ALIKE
    ldm r12!, {r6, r8-r11, lr}
    twice_less
    stm r12, {r6, r8-r11, lr} /* DIFFERENCE */
    ldr r6, [sp, #AT]
    next

    .balign 4
.Ldifference:
    add r12, sp, #DIFFERENCE
    ldm r12, {r0-r5}
    next

    /* THIRDS, less what the sums were before each kind: 0, alike, alike + unlike and alike - unlike, so three times
     * alike. */
    .balign 4
.Lthird:
    str r6, [sp, #AT]
    add r12, sp, #ALIKE
    ldm r12, {r0-r5}
    .irp lanes, r0, r1, r2, r3, r4, r5
    sadd16 r6, \lanes, \lanes
    sadd16 r6, r6, r6
    ssub16 \lanes, \lanes, r6
    .endr
    add r12, sp, #THIRDS
1:
    .rept 2
    ldm r12!, {r6, r8-r11, lr}
    sadd16 r0, r0, r6
    sadd16 r1, r1, r8
    sadd16 r2, r2, r9
    sadd16 r3, r3, r10
    sadd16 r4, r4, r11
    sadd16 r5, r5, lr
    .endr
    add r6, sp, #LAST
    cmp r12, r6
    bne 1b
    ldr r6, [sp, #AT]
    next

    .balign 4
.Lput_out:
    ldr r12, [r6], #4
    strd r6, r12, [sp, #AT]
    ldm r12, {r8-r11}
    add r12, sp, #RESIDUAL
    stm r12, {r8-r11}
    ldr pc, [sp, #SCALE]

#include "channel_narrow_dsp_scale.h"

    .balign 4
.Lstore:
    ldr r8, [sp, #Y]
    stm r8!, {r0, r2, r4}
    ldr r9, [sp, #RESIDUAL]
    ldrd r6, r12, [sp, #AT]
    str r8, [r12, #12]
    str r9, [r12]
    next

    .balign 4
.Lgroup_end:
    ldr r9, [sp, #WHOLE]
    adds r7, r7, #PIXELS
    cmp r7, r9
    bne.w .Lgroup

#include "trio_narrow_dsp_last.h"
#include "channel_narrow_dsp_band.h"
    .size hfn_trio_narrow, . - hfn_trio_narrow

#endif
