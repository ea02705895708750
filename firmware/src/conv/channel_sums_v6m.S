/* hfn_channel_sums for Armv6-M: channel_narrow.c bit for bit, in Thumb-1.
 *
 * Eight pixels in two lanes each of lanes.h: r8 and r0 of the first four, r9 and r1 of the others. Bytes up to 127 are
 * added to each other in pairs before they are widened. */
#include "asm.h"
#include "channel_offsets.h"
#include "isa.h"

#if HFN_ISA_SMALL == HFN_ISA_V6M

    /* Adds two words of four pixels; r6 = 0x00FF00FF. Takes r4. */
    .macro widen_two
    lsrs r4, r2, #8
    adds r0, r0, r4
    ands r2, r2, r6
    add r8, r2
    lsrs r4, r3, #8
    adds r1, r1, r4
    ands r3, r3, r6
    add r9, r3
    .endm

    /* From the lanes of four pixels, r2 and the odd ones, to their sums at r7. */
    .macro split odd
    sxth r3, r2
    subs r2, r2, r3
    asrs r5, r2, #16
    lsls r2, r5, #8
    subs \odd, \odd, r2
    sxth r4, \odd
    subs \odd, \odd, r4
    asrs r6, \odd, #16
    stm r7!, {r3, r4, r5, r6}
    .endm

    .macro pair at
    ldrh r2, [r7, #\at]
    ldrh r4, [r7, #\at + 2]
    add r2, r12
    add r4, r12
    ldm r2, {r2, r3}
    ldm r4, {r4, r5}
    adds r2, r2, r4
    adds r3, r3, r5
    widen_two
    .endm

    function hfn_channel_sums
    push {r0, r2, r4-r7, lr}
    push_high
    mov r12, r1
    /* -1 - x, x being what the lanes begin with: this is negated like the sums */
    ldr r3, [r0, #HFN_CH_START]
    lsls r2, r3, #16
    adds r2, r2, r3
    lsls r1, r3, #8
    adds r1, r1, r2
    mvns r2, r2
    mvns r1, r1
    mov r8, r2
    mov r9, r2
    mov r5, r0
    adds r5, #HFN_CH_MINUS - HFN_CH_LIST
    mov r0, r1
    ldr r6, =0x00FF00FF
    /* r10 = the address of the list's two in the channel, less 4; minus comes first. */
.Llist:
    mov r10, r5
    ldr r7, [r5, #HFN_CH_LIST]
    ldr r3, [r5, #HFN_CH_PLUS_END]
    mov r11, r3
    subs r3, r3, r7
    ldr r4, [sp, #16] /* channel */
    ldr r4, [r4, #HFN_CH_HAS_SIGN]
    cmp r4, #0
    bne 1f
    movs r4, #2 /* at most one entry is no pair */
    ands r3, r4
1:  adds r5, r3, r7
    b 3f
2:  ldrh r2, [r7]
    adds r7, r7, #2
    add r2, r12
    ldm r2, {r2, r3}
    widen_two
3:  cmp r7, r5
    bne 2b
    mov r5, r11
    subs r5, r5, r7
    beq 6f
    lsls r5, r5, #29 /* an odd number of pairs is entered at the second */
    bpl 4f
    subs r7, r7, #4
    b 5f
4:  pair 0
5:  pair 4
    adds r7, r7, #8
    cmp r7, r11
    bne 4b
6:  ldr r5, [sp, #16] /* channel */
    cmp r5, r10
    beq 7f
    mvns r0, r0
    mvns r1, r1
    mov r2, r8
    mvns r2, r2
    mov r8, r2
    mov r2, r9
    mvns r2, r2
    mov r9, r2
    b .Llist
7:  ldr r7, [sp, #20] /* sums */
    mov r2, r8
    split r0
    mov r2, r9
    split r1
    pop_high
    add sp, #8
    pop {r4-r7, pc}
    .ltorg
    .size hfn_channel_sums, . - hfn_channel_sums

#endif
