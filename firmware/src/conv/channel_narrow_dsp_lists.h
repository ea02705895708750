/* Part of channel_narrow_dsp.S: the loops that add the planes of index lists to the sums.
 *
 * They are entered by computed jumps, at FIRST and SECOND. They expect the sums in r0-r5, r6 in the list, r7 = planes
 * of the group. Take r8-r12 and lr. First comes what is left of the longer list, which goes to .Lsecond, or to .Lnegate
 * if that is minus; then pairs of plus and minus. With bytes up to 255, first all of minus, then all of plus. In the
 * end to where SCALE says. */
/* clang-format off */

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
    add_two
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
    unlike
    .endr
    turn .Lpairs, SECOND_END
.Lsums:
    ldr pc, [sp, #SCALE]
