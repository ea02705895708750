/* Part of channel_narrow_dsp.S: from the sums of twelve pixels, in r0-r5, to their outputs, in r0, r2 and r4.
 *
 * .Ldouble, then .Lscale or .Lscale_add, then .Lclamp_unsigned or .Lclamp_signed, as the frame's SCALE, SCALED and
 * CLAMP say, then to where STORE says. Keeps r7; takes all others. */
/* clang-format off */

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
    ldr r12, [r6, #\at]
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
    ldr pc, [sp, #STORE]
    .endm

    .balign 4
.Ldouble:
    ldr r8, [sp, #DOUBLE]
1:
    .irp lanes, r0, r1, r2, r3, r4, r5
    sadd16 \lanes, \lanes, \lanes
    .endr
    subs r8, r8, #1
    bne 1b
    ldr pc, [sp, #SCALED]

    .balign 4
.Lscale:
    ldrd r8, r11, [sp, #MULTIPLIER]
    .irp lanes, r0, r1, r2, r3, r4, r5
    scale \lanes
    .endr
    ldr pc, [sp, #CLAMP]

    .balign 4
.Lscale_add:
    ldrd r8, r9, [sp, #MULTIPLIER]
    ldrd lr, r6, [sp, #RATIO] /* and RESIDUAL */
    scale_add_word r0, r1, 0
    scale_add_word r2, r3, 4
    scale_add_word r4, r5, 8
    adds r6, r6, #PIXELS
    str r6, [sp, #RESIDUAL]
    ldr pc, [sp, #CLAMP]

    .balign 4
.Lclamp_unsigned:
    .irp lanes, r0, r1, r2, r3, r4, r5
    usat16 \lanes, #7, \lanes
    .endr
    pack

    .balign 4
.Lclamp_signed:
    mov r8, #0xFF81FF81 /* -127 in each lane */
    .irp lanes, r0, r1, r2, r3, r4, r5
    clamp_signed \lanes
    .endr
    pack
