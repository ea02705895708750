/* Part of channel_narrow_mve.S: the macros that turn the sums of a block into its outputs, written at r1.
 *
 * They expect r2 = offset, r3 = -2^8, r12 = lo, as the frame has them from SIMPLE on, and q6 = multiplier. */
/* clang-format off */

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

    /* Where there are residuals, lanes to double, or both: lr blocks from the sums at SUMS, which is where sp is. Takes
     * r0, r4, r6 and q0-q5, q7. */
    .macro finish_sums
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
    .endm
