/* Part of channel_narrow_dsp.S and trio_narrow_dsp.S: what a band's channels have in common, kept in the first one's
 * HFN_CH_OWN.
 *
 * r4 = channel, r5 = planes. Goes on to .Lopened. */
/* clang-format off */

    /* Once a band: what the frame has from WHOLE to RATIO. */
.Lopen:
    ldr r0, [r4, #HFN_CH_PIXELS]
    add r9, r5, r0 /* END */
    ldr r1, [r4, #HFN_CH_GAP]
    movs r2, #PIXELS
    udiv r0, r0, r2
    muls r0, r2, r0
    cbz r1, 1f
    movs r0, #0
1:  add r0, r0, r5 /* WHOLE */
    ldr r1, [r4, #HFN_CH_SHIFT]
    ldr r10, [r4, #HFN_CH_RATIO] /* r·2^v: a multiple of 2^(s-8) by N3 */
    rsbs r3, r1, #8 /* DOUBLE */
    itee hs
    lslhs r10, r10, r3
    rsblo r3, r3, #0
    asrlo r10, r10, r3
    it lo
    movlo r3, #0
    ldr r1, [r4, #HFN_CH_RESIDUAL]
    place r2, .Lscale /* SCALED */
    cbz r1, 1f
    place r2, .Lscale_add
1:  mov r1, r2 /* SCALE */
    cbz r3, 1f
    place r1, .Ldouble
1:  place r6, .Lclamp_unsigned
    ldr r8, [r4, #HFN_CH_LO]
    cmp r8, #0
    beq 1f
    place r6, .Lclamp_signed
1:  place r8, .Lstore
    stm r12, {r0-r3, r6, r8-r10}
    b.w .Lopened
