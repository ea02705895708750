/* hfn_channel_sums for Thumb-2, with the DSP instructions or without: channel_narrow.c bit for bit.
 *
 * Twelve pixels in r0-r5: of each word of four pixels p0..p3 an even register sums p0 and p2, an odd one p1 and p3. With
 * the DSP instructions each has a 16-bit lane, which wraps. Without, lanes are those of lanes.h: the even one sums p0 +
 * 2^16·p2, the odd one p1 + 2^8·p2 + 2^16·p3. Bytes up to 127 are added to each other in pairs before they are widened. */
#include "asm.h"
#include "channel_offsets.h"
#include "isa.h"

#if HFN_ISA_SMALL == HFN_ISA_V7M || HFN_ISA_SMALL == HFN_ISA_DSP

    /* The frame. */
    .equ LIST, 0    /* the address of the list's two in the channel, less 4; minus comes first */
    .equ END, 4     /* of the list */
    .equ SINGLES, 8 /* bits of a list's bytes that are no pairs */
    .equ CHANNEL, 12
    .equ SUMS, 16

#if HFN_CORE == HFN_ISA_V7M
    /* Adds a word of four pixels; r11 is taken. */
    .macro widen word, even, odd
    and r11, \word, #0x00FF00FF
    add \even, \even, r11
    add \odd, \odd, \word, lsr #8
    .endm

    .macro addresses
    ldrh r8, [r6], #2
    ldrh r11, [r6], #2
    add r8, r7
    add r11, r7
    .endm

    /* From the lanes of four pixels to their sums. */
    .macro split even, odd
    sxth r6, \even
    sub \even, \even, r6
    asr r8, \even, #16
    sub \odd, \odd, r8, lsl #8
    sxth r7, \odd
    sub \odd, \odd, r7
    asr r9, \odd, #16
    stm r12!, {r6, r7, r8, r9}
    .endm
#else
    .macro widen word, even, odd
    uxtab16 \even, \even, \word
    uxtab16 \odd, \odd, \word, ror #8
    .endm

    .macro addresses
    ldr r11, [r6], #4
    uxtah r8, r7, r11
    uxtah r11, r7, r11, ror #16
    .endm

    /* From two sums to their outputs; r10 holds the residuals, each as 256·x. */
    .macro scale lanes
    smlawb lr, r8, \lanes, r9
    smlabb lr, r7, r10, lr
    smlawt \lanes, r8, \lanes, r9
    smlabt \lanes, r7, r10, \lanes
    pkhtb \lanes, \lanes, lr, asr #16
    usat16 \lanes, #7, \lanes
    .endm

    .macro split even, odd
    sxth r6, \even
    sxth r7, \odd
    asr r8, \even, #16
    asr r9, \odd, #16
    stm r12!, {r6, r7, r8, r9}
    .endm
#endif

    .macro widen_three
    widen r8, r0, r1
    widen r9, r2, r3
    widen r10, r4, r5
    .endm

    .macro pair
    addresses
    ldm r8, {r8, r9, r10}
    ldm r11, {r11, r12, lr}
    add r8, r11
    add r9, r12
    add r10, lr
    widen_three
    .endm

    function hfn_channel_sums
    push {r0, r2, r4-r11, lr}
    sub sp, #12
    mov r7, r1
    mov lr, r0
    ldrd r8, r9, [r0, #HFN_CH_HAS_SIGN] /* and START */
    cmp r8, #0
    ite eq
    moveq r8, #2 /* at most one entry */
    movne r8, #-1
    str r8, [sp, #SINGLES]
    /* -1 - x, x being what the lanes begin with: this is negated like the sums */
#if HFN_CORE == HFN_ISA_V7M
    add r0, r9, r9, lsl #16
    add r1, r0, r9, lsl #8
    mvn r0, r0
    mvn r1, r1
#else
    pkhbt r0, r9, r9, lsl #16
    mvn r0, r0
    mov r1, r0
#endif
    mov r2, r0
    mov r3, r1
    mov r4, r0
    mov r5, r1
    add r8, lr, #HFN_CH_MINUS - HFN_CH_LIST
.Llist:
    str r8, [sp, #LIST]
    ldrd r6, r12, [r8, #HFN_CH_LIST]
    str r12, [sp, #END]
    sub r12, r12, r6
    ldr r8, [sp, #SINGLES]
    and r12, r12, r8
    add r12, r12, r6
    b 2f
1:  ldrh r8, [r6], #2
    add r8, r7
    ldm r8, {r8, r9, r10}
    widen_three
2:  cmp r6, r12
    bne 1b
    ldr r8, [sp, #END]
    subs r8, r8, r6
    beq 5f
    lsls r8, r8, #29 /* an odd number of pairs is entered at the second */
    bmi 4f
3:  pair
4:  pair
    ldr r8, [sp, #END]
    cmp r6, r8
    bne 3b
5:  ldr r9, [sp, #LIST]
    ldr r8, [sp, #CHANNEL]
    cmp r8, r9
    beq 6f
    mvn r0, r0
    mvn r1, r1
    mvn r2, r2
    mvn r3, r3
    mvn r4, r4
    mvn r5, r5
    b .Llist
6:  ldr r12, [sp, #SUMS]
#if HFN_CORE != HFN_ISA_V7M
    cmp r12, #0
    beq .Lstore
#endif
    split r0, r1
    split r2, r3
    split r4, r5
    add sp, #20
    pop {r4-r11, pc}

#if HFN_CORE != HFN_ISA_V7M
    /* Straight to the outputs: SPEC N2 and N3, as channel_narrow_dsp_scale.h. y in r6, the residual's distance
     * from it in r12, m·2^(32-s) in r8, the offset in r9, the residual's factor in r7. Without one it is 0, and y's old
     * bytes do for it. */
.Lstore:
    ldr lr, [sp, #CHANNEL]
    ldr r11, [lr, #HFN_CH_SHIFT]
    ldrd r8, r9, [lr, #HFN_CH_MULTIPLIER] /* and OFFSET */
    ldr r7, [lr, #HFN_CH_RATIO]
    rsb r10, r11, #32
    lsl r8, r8, r10
    subs r10, r10, #16
    lsl r9, r9, r10
    sub r11, r11, #8
    asr r7, r7, r11
    ldrd r6, r12, [lr, #HFN_CH_Y] /* and RESIDUAL */
    cmp r12, #0
    itee ne
    subne r12, r12, r6
    moveq r7, #0
    moveq r12, #0
    add lr, r6, #12
    str lr, [sp, #END]
7:  ldr r11, [r6, r12]
    lsl r10, r11, #8
    bic r10, r10, #0x00FF00FF
    scale r0
    bic r10, r11, #0x00FF00FF
    scale r1
    orr r0, r0, r1, lsl #8
    str r0, [r6], #4
    mov r0, r2
    mov r1, r3
    mov r2, r4
    mov r3, r5
    ldr r11, [sp, #END]
    cmp r6, r11
    bne 7b
    add sp, #20
    pop {r4-r11, pc}
#endif
    .size hfn_channel_sums, . - hfn_channel_sums

#endif
