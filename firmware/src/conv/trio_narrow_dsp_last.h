/* Part of trio_narrow_dsp.S, hfn_trio_narrow: the last pixels of a band that are no whole group, as one whose residuals
 * and outputs are in the frame; then back to the caller. r7 = planes behind the last group. */
/* clang-format off */

    /* One or two words are left, or none; or they are done, if r7 is behind them. */
.Llast:
    ldr r2, [sp, #END]
    subs r2, r2, r7
    beq 5f
    add r8, sp, #LAST_Y
    add r9, sp, #LAST
    add r10, sp, #OUTPUTS
    add r11, r9, #36
    bmi 3f
    add r0, r7, #PIXELS
    str r0, [sp, #WHOLE]
1:  ldr r0, [r10, #12]
    str r0, [r8], #4
    str r9, [r10, #12]
    ldr r1, [r10]
    cbz r0, 2f
    cbz r1, 2f
    str r9, [r10]
    ldr r0, [r1]
    str r0, [r9]
    cmp r2, #8
    itt eq
    ldreq r0, [r1, #4]
    streq r0, [r9, #4]
2:  adds r10, r10, #OUTPUT_SIZE
    adds r9, r9, #12
    cmp r9, r11
    bne 1b
    b.w .Lgroup
3:  ldr r1, [r8], #4
    ldrd r0, r3, [r9], #12
    cbz r1, 4f
    str r0, [r1]
    adds r0, r2, #4 /* 8 - 12 if there are two */
    it eq
    streq r3, [r1, #4]
4:  cmp r9, r11
    bne 3b
5:  add sp, #FRAME
    pop {r4-r11, pc}
