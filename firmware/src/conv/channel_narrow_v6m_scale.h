/* Part of channel_narrow_v6m.S: from the sums of eight pixels to their outputs, which it writes at Y.
 *
 * The frame's SCALE chooses one of the four labels. Each expects P in 16-bit lanes, p0 and p2 in r8, p1 and p3 in r11,
 * p4 and p6 in r9, p5 and p7 in r1, r10 = the offset, and loads MULTIPLIER to Y or to RATIO at once. Each leaves r6 =
 * Y + 8, keeps r10 and r12, takes all others and goes to where STORE says. */
/* clang-format off */

    /* Min(t, largest) - lo·2^s of what is left, u = largest - t, then the output. */
    .macro clamp u, at, signed
    asrs r2, \u, #31
    bics \u, \u, r2
    subs \u, r4, \u
    asrs r2, \u, #31
    bics \u, \u, r2
    lsrs \u, \u, r5
    .if \signed
    subs \u, \u, #127
    .endif
    strb \u, [r6, #\at]
    .endm

    /* The pixels at and at + 2 from the lanes of r0. */
    .macro scale at, signed
    uxth r1, r0
    lsrs r0, r0, #16
    muls r1, r3, r1
    muls r0, r3, r0
    add r1, r10
    add r0, r10
    clamp r1, \at, \signed
    clamp r0, \at + 2, \signed
    .endm

    .macro scale_group signed
    add r7, sp, #MULTIPLIER
    ldm r7!, {r3, r4, r5, r6}
    mov r0, r1
    scale 5, \signed
    mov r0, r11
    scale 1, \signed
    mov r0, r8
    scale 0, \signed
    mov r0, r9
    scale 4, \signed
    adds r6, r6, #8
    ldr r0, [sp, #STORE]
    mov pc, r0
    .endm

    .macro distance low
    ldr \low, [sp, #DISTANCE]
    mov lr, \low
    .endm

    /* The same with residuals; r6 at the first. */
    .macro scale_add_pixel u
    mov r2, lr
    ldrsb r2, [r2, r6]
    muls r2, r7, r2
    muls \u, r3, \u
    add \u, r10
    add \u, r2
    clamp \u, 0, 0
    .endm

    .macro scale_add
    uxth r1, r0
    lsrs r0, r0, #16
    scale_add_pixel r1
    adds r6, r6, #2
    scale_add_pixel r0
    .endm

    /* The pixels at and at + 2 to PIXELS. */
    .macro unpack lanes, at
    strh \lanes, [r7, #2 * (\at)]
    lsrs \lanes, \lanes, #16
    strh \lanes, [r7, #2 * (\at) + 4]
    .endm

.Lscale:
    scale_group 0

.Lscale_signed:
    scale_group 1

.Lscale_add:
    distance r0
    add r7, sp, #MULTIPLIER
    mov r0, r1
    ldm r7, {r3, r4, r5, r6, r7}
    adds r6, r6, #5
    scale_add
    subs r6, r6, #6
    mov r0, r11
    scale_add
    subs r6, r6, #3
    mov r0, r8
    scale_add
    adds r6, r6, #2
    mov r0, r9
    scale_add
    adds r6, r6, #2
    ldr r0, [sp, #STORE]
    mov pc, r0

    /* Any shift, lo and residual, one by one. */
.Lscale_any:
    add r7, sp, #PIXELS
    unpack r1, 5
    mov r1, r11
    unpack r1, 1
    mov r1, r8
    unpack r1, 0
    mov r1, r9
    unpack r1, 4
    distance r0
    add r0, sp, #MULTIPLIER
    ldm r0!, {r3, r4, r5, r6}
1:  ldrh r0, [r7]
    muls r0, r3, r0
    add r0, r10
    mov r1, lr
    ldrsb r1, [r1, r6]
    ldr r2, [sp, #RATIO]
    muls r1, r2, r1
    adds r0, r0, r1
    asrs r0, r0, r5
    movs r2, #127
    subs r0, r2, r0
    asrs r1, r0, #31
    bics r0, r0, r1
    subs r2, r2, r4
    subs r0, r2, r0
    asrs r1, r0, #31
    bics r0, r0, r1
    adds r0, r0, r4
    strb r0, [r6]
    adds r6, r6, #1
    adds r7, r7, #2
    add r1, sp, #PIXELS + 16
    cmp r7, r1
    bne 1b
    ldr r0, [sp, #STORE]
    mov pc, r0
