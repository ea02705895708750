/* Part of channel_narrow_dsp.S: writes the outputs in r0, r2 and r4, and computes groups that are not whole or have
 * gaps.
 *
 * The frame's STORE chooses .Lstore, .Lstore_words or .Lstore_rows; r7 = planes of the group. On to .Lgroup, or back to
 * the caller. Takes all registers but r7, which goes on to the next group. */
/* clang-format off */

    .balign 4
.Lstore:
    ldrd r8, r9, [sp, #Y] /* and WHOLE */
    stm r8!, {r0, r2, r4}
    str r8, [sp, #Y]
    adds r7, r7, #PIXELS
    cmp r7, r9
    bne.w .Lgroup

    /* One or two words are left, or all if there are gaps. */
.Lbroken:
    ldr r2, [sp, #END]
    subs r2, r2, r7
    beq.w .Ldone
    ldr r4, [sp, #CHANNEL]
    ldr r1, [sp, #RESIDUAL]
    ldr r0, [r4, #HFN_CH_GAP]
    cmp r0, #0
    bne.w .Lgaps
    go_to STORE, .Lstore_words
    cbz r1, 1f
    ldr r0, [r1]
    str r0, [sp, #GROUP]
    cmp r2, #8
    itt eq
    ldreq r0, [r1, #4]
    streq r0, [sp, #GROUP + 4]
    add r1, sp, #GROUP
    str r1, [sp, #RESIDUAL]
1:  cmp r2, #8
    beq.w .Lgroup
    ldr r0, [r4, #HFN_CH_HAS_SIGN]
    cmp r0, #0
    bne.w .Lgroup

    /* One word of pixels, in r0 and r4. SUMS is 0, or all ones if what goes first is negated. */
    ldr r8, [sp, #SUMS]
    mov r0, r8
    mov r4, r8
    ldr r6, [sp, #FIRST]
    ldr r9, [sp, #FIRST_END]
    b 3f
2:  ldrh r2, [r6], #4
    ldr r2, [r7, r2]
    uxtab16 r0, r0, r2
    uxtab16 r4, r4, r2, ror #8
3:  cmp r6, r9
    bne 2b
    eor r0, r0, r8
    eor r4, r4, r8
    ldr r6, [sp, #SECOND]
    ldr r9, [sp, #SECOND_END]
    subs r1, r9, r6
    beq 4f
    enter .Lword, WORDS, 1, WORD
    bx r2
    .balign 4
.Lword:
    .rept WORDS
    ldrh r2, [r6], #2
    ldrh r3, [r6], #2
    ldr r2, [r7, r2]
    ldr r3, [r7, r3]
    ssub8 r2, r2, r3
    sxtab16 r0, r0, r2
    sxtab16 r4, r4, r2, ror #8
    .endr
    cmp r6, r9
    bne .Lword
4:  mov r1, r4
    ldr pc, [sp, #SCALE]

    .balign 4
.Lstore_words:
    ldrd r8, r9, [sp, #Y] /* and WHOLE */
    str r0, [r8]
    ldr r10, [sp, #END]
    sub r10, r10, r9
    cmp r10, #8
    it eq
    streq r2, [r8, #4]
.Ldone:
    add sp, #FRAME
    pop {r4-r11, pc}

    /* Byte by byte. */
.Lgaps:
    str r1, [sp, #SOURCE]
    go_to STORE, .Lstore_rows
.Lgroup_rows:
    ldr r2, [sp, #END]
    subs r2, r2, r7
    beq.w .Ldone
    ldr r0, [sp, #SOURCE]
    cmp r0, #0
    beq.w .Lgroup
    cmp r2, #PIXELS
    it hi
    movhi r2, #PIXELS
    add r1, sp, #GROUP
    str r1, [sp, #RESIDUAL]
    rows r1, r8, r9
    str r0, [sp, #SOURCE]
    b.w .Lgroup

    .balign 4
.Lstore_rows:
    add r12, sp, #GROUP
    stm r12, {r0, r2, r4}
    ldr r2, [sp, #END]
    subs r2, r2, r7
    cmp r2, #PIXELS
    it hi
    movhi r2, #PIXELS
    add r7, r7, r2
    mov r0, r12
    ldr r1, [sp, #Y]
    rows r0, r8, r9
    str r1, [sp, #Y]
    str r5, [r4, #HFN_CH_COLUMN]
    b.w .Lgroup_rows
