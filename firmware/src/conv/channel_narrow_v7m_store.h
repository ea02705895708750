/* Part of channel_narrow_v7m.S: writes the outputs in r0, r2 and r4, and guides groups that are not whole or have gaps.
 *
 * The frame's STORE chooses .Lstore or .Lstore_rows; r7 = planes of the group. On to .Lgroup or to .Ldone. Takes all
 * registers but r7, which goes on to the next group. */
/* clang-format off */

    /* r2 = pixels of the group, or equal */
    .macro left
    ldr r2, [sp, #END]
    subs r2, r2, r7
    cmp r2, #PIXELS
    it hi
    movhi r2, #PIXELS
    cmp r2, #0
    .endm

    .balign 4
.Lstore:
    ldr r8, [sp, #Y]
    stm r8!, {r0, r2, r4}
    str r8, [sp, #Y]
    adds r7, r7, #PIXELS
    ldr r8, [sp, #WHOLE]
    cmp r7, r8
    bne.w .Lgroup

    /* Groups with gaps, and the last one of a band that is no multiple of 12, go through GROUP byte by byte. */
.Lrest:
    ldr r0, [sp, #RESIDUAL]
    str r0, [sp, #SOURCE]
    go_to STORE, .Lstore_rows
.Lgroup_rows:
    left
    beq.w .Ldone
    ldr r0, [sp, #SOURCE]
    cmp r0, #0
    beq.w .Lgroup
    add r1, sp, #GROUP
    str r1, [sp, #RESIDUAL]
    rows r1, r6, r8
    str r0, [sp, #SOURCE]
    b.w .Lgroup

    .balign 4
.Lstore_rows:
    add r8, sp, #GROUP
    stm r8, {r0, r2, r4}
    left
    add r7, r7, r2
    mov r0, r8
    ldr r1, [sp, #Y]
    rows r0, r6, r8
    str r1, [sp, #Y]
    str r5, [r4, #HFN_CH_COLUMN]
    b.w .Lgroup_rows
