/* Part of channel_narrow_mve.S: groups with gaps, and the last pixels of a band that is no multiple of 16, go through
 * GROUP.
 *
 * .Lrest comes after the last whole group, .Lrows before each such group, .Lout after it; r5 = planes of the next
 * group. On to .Lgroup with the lists in r6-r11, or to .Ldone. Takes all registers but r5. */
/* clang-format off */

    /* Copies r2 of the group's pixels, but for those in a gap, from r0 to r1; \group is the register that walks the
     * group. Leaves r6, the next pixel's column. */
    .macro rows group
    ldr r4, [sp, #CHANNEL]
    ldrd r6, r7, [r4, #HFN_CH_COLUMN]
    ldr r8, [r4, #HFN_CH_GAP]
1:  sub r3, r7, r6
    cmp r3, r2
    it hi
    movhi r3, r2
    mov r9, r0
    mov r10, r1
    add r0, r0, r3
    add r1, r1, r3
    add r6, r6, r3
    sub r2, r2, r3
    dlstp.8 lr, r3
2:  vldrb.u8 q0, [r9], #16
    vstrb.8 q0, [r10], #16
    letp lr, 2b
    cmp r6, r7
    ittt eq
    moveq r6, #0
    addeq \group, \group, r8
    subeq r2, r2, r8
    cmp r2, #0
    bgt 1b
    .endm

.Lrest:
    ldr r0, [sp, #TO]
    ldr r1, [sp, #FROM]
    ldr r4, [sp, #CHANNEL]
    ldr r2, [r4, #HFN_CH_RESIDUAL]
    cmp r2, #0
    it eq
    moveq r1, #0
    strd r0, r1, [sp, #DEST]
    ldr r0, [sp, #END]
    str r0, [sp, #LIMIT]
.Lrows:
    ldr r2, [sp, #END]
    subs r2, r2, r5
    bls .Ldone
    str r5, [sp, #BEGIN]
    add r1, sp, #GROUP
    str r1, [sp, #TO]
    str r1, [sp, #FROM]
    ldr r0, [sp, #SOURCE]
    cbz r0, 3f
    cmp r2, #48
    it hi
    movhi r2, #48
    rows r1
    str r0, [sp, #SOURCE]
3:  add r0, sp, #LISTS
    ldm r0, {r6-r11}
    b.w .Lgroup

.Lout:
    ldr r2, [sp, #END]
    ldr r0, [sp, #BEGIN]
    sub r2, r2, r0
    cmp r2, #48
    it hi
    movhi r2, #48
    add r0, sp, #GROUP
    ldr r1, [sp, #DEST]
    rows r0
    str r1, [sp, #DEST]
    str r6, [r4, #HFN_CH_COLUMN]
    b .Lrows
