/* Part of channel_narrow_dsp.S: the loops that add the planes of index lists to the sums.
 *
 * They are entered by computed jumps, at FIRST and SECOND. They expect the sums in r0-r5, r6 in the list, r7 = planes
 * of the group. Take r8-r12 and lr. First comes what is left of the longer list, which goes to .Lsecond, or to .Lnegate
 * if that is minus; then pairs of plus and minus. With bytes up to 255, first all of minus, then all of plus. In the
 * end to where SCALE says. */
/* clang-format off */

    .macro widen how
    \how r0, r0, r8
    \how r1, r1, r8, ror #8
    \how r2, r2, r9
    \how r3, r3, r9, ror #8
    \how r4, r4, r10
    \how r5, r5, r10, ror #8
    .endm

    /* An entry of the list at r6, whose next one of the same sign is a word on. Planes are at r7. */
    .macro single
    ldrh r8, [r6], #4
    add r8, r7
    ldm r8, {r8, r9, r10}
    widen uxtab16
    .endm

    .macro turn loop, end
    ldr r8, [sp, #\end]
    cmp r6, r8
    bne.w \loop
    .endm

    .balign 4
.Lsingle:
    single
    ldr pc, [sp, #PAIRS]

    .balign 4
.Lrest:
    .rept REST
    ldrh r8, [r6], #4
    ldrh r11, [r6], #4
    add r8, r7
    add r11, r7
    ldm r8, {r8, r9, r10}
    ldm r11, {r11, r12, lr}
    add r8, r11
    add r9, r12
    add r10, lr
    widen uxtab16
    .endr
    turn .Lrest, FIRST_END
    ldr pc, [sp, #NEXT]

    .balign 4
.Lsigned_minus:
    .rept SINGLES
    single
    .endr
    turn .Lsigned_minus, FIRST_END
.Lnegate: /* a sum x becomes -1 - x */
    .irp lanes, r0, r1, r2, r3, r4, r5
    mvn \lanes, \lanes
    .endr
.Lsecond:
    ldr r6, [sp, #SECOND]
    ldr pc, [sp, #SECOND + 4]

    .balign 4
.Lsigned_plus:
    .rept SINGLES
    single
    .endr
    turn .Lsigned_plus, SECOND_END
    ldr pc, [sp, #SCALE]

    .balign 4
.Lpairs:
    .rept UNROLLED
    ldr r11, [r6], #4
    uxtah r8, r7, r11
    uxtah r11, r7, r11, ror #16
    ldm r8, {r8, r9, r10}
    ldm r11, {r11, r12, lr}
    ssub8 r8, r8, r11
    ssub8 r9, r9, r12
    ssub8 r10, r10, lr
    widen sxtab16
    .endr
    turn .Lpairs, SECOND_END
.Lsums:
    ldr pc, [sp, #SCALE]
