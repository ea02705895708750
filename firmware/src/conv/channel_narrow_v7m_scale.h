/* Part of channel_narrow_v7m.S: from the sums of twelve pixels, in r0-r5, to their outputs, in r0, r2 and r4.
 *
 * The frame's SCALE chooses one of the four labels, by whether there is a residual and by the lower limit. Keeps r7,
 * takes all others and goes to where STORE says. */
/* clang-format off */

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
