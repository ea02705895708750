/* Part of channel_narrow_v6m.S: what follows eight outputs, and groups whose outputs have no place of their own.
 *
 * The frame's STORE chooses .Lstore or .Lstore_rows; r12 = planes of the group, r6 = what is behind the outputs. On to
 * .Lgroup without a carry, to .Lgroup_first or to .Ldone. Takes r0-r7. */
/* clang-format off */

.Lstore:
    str r6, [sp, #Y]
    movs r2, #8
    add r12, r2
    ldr r2, [sp, #WHOLE]
    cmp r12, r2 /* no carry if it is less */
    beq .Lrest
    b .Lgroup

    /* Groups with gaps, and the last one of a band that is no multiple of 8, go through GROUP byte by byte. */
.Lrest:
    ldr r0, [sp, #Y]
    str r0, [sp, #TARGET]
    ldr r1, [sp, #DISTANCE]
    adds r0, r0, r1
    str r0, [sp, #SOURCE]
    add r0, sp, #GROUP
    str r0, [sp, #Y]
    ldr r0, =.Lstore_rows
    str r0, [sp, #STORE]
.Lgroup_rows:
    bl .Lleft
    beq .Ldone
    ldr r0, [r4, #HFN_CH_RESIDUAL]
    cmp r0, #0
    beq 1f
    ldr r0, [sp, #SOURCE]
    add r1, sp, #GROUP
    movs r6, #0
    ldr r7, [r4, #HFN_CH_GAP]
    bl .Lrows
    str r0, [sp, #SOURCE]
1:  movs r0, #0
    str r0, [sp, #DISTANCE]
    b .Lgroup_first

.Lstore_rows:
    bl .Lleft
    add r12, r2
    add r0, sp, #GROUP
    ldr r1, [sp, #TARGET]
    ldr r6, [r4, #HFN_CH_GAP]
    movs r7, #0
    bl .Lrows
    str r1, [sp, #TARGET]
    str r5, [r4, #HFN_CH_COLUMN]
    b .Lgroup_rows

    /* r4 = channel, r2 = pixels of the group, or equal */
.Lleft:
    ldr r4, [sp, #CHANNEL]
    ldr r2, [sp, #END]
    mov r0, r12
    subs r2, r2, r0
    cmp r2, #8
    bls 1f
    movs r2, #8
1:  cmp r2, #0
    bx lr

    /* Copies r2 of the group's pixels, but for those in a gap, from r0 to r1, one of which skips gaps: r6 or r7. */
.Lrows:
    ldr r5, [r4, #HFN_CH_COLUMN]
1:  ldrb r3, [r0]
    strb r3, [r1]
    adds r0, r0, #1
    adds r1, r1, #1
    adds r5, r5, #1
    subs r2, r2, #1
    ldr r3, [r4, #HFN_CH_COLUMNS]
    cmp r5, r3
    bne 2f
    movs r5, #0
    adds r0, r0, r6
    adds r1, r1, r7
    ldr r3, [r4, #HFN_CH_GAP]
    subs r2, r2, r3
2:  cmp r2, #0
    bgt 1b
    bx lr
