/* Part of trio_narrow_dsp.S: writes the thread, once a trio and band.
 *
 * r0 = where to, r4 = trio. Takes all others but sp; goes on behind it. */
/* clang-format off */

    /* Writes a place to the thread at r0. Takes r1. */
    .macro write label
    place r1, \label
    str r1, [r0], #4
    .endm

    /* Writes the place before which so many bytes r2, at most \most, of a list of 2^\each bytes an item are left of
     * the unrolled code that ends at a label; r2 becomes the bytes. Takes r1, r3. */
    .macro write_left end, bytes, each, most, code
    mov r2, \bytes
    cmp r2, #\most
    it hs
    movhs r2, #\most
    subs \bytes, \bytes, r2
    movs r3, #\code
    mul r3, r3, r2
    place r1, \end
    sub r1, r1, r3, lsr #\each
    str r1, [r0], #4
    .endm

    add r11, r4, #HFN_TRIO_SPLIT
    movs r10, #0
.Lwrite:
    ldm r11!, {r5-r9} /* rest, rest_end, both, both_end, is_minus */
    subs r8, r8, r7
    subs r6, r6, r5
    beq 5f
    cmp r9, #0
    beq 1f
    write .Lnegate
1:  lsls r1, r6, #29
    bpl 3f
    write .Lsingle
    ldrh r1, [r5], #4
    str r1, [r0], #4
    subs r6, r6, #4
    b 3f
2:  write_left .Llikes_end, r6, 3, LIKES * 8, LIKE
1:  ldrh r1, [r5], #4
    ldrh r3, [r5], #4
    orr r1, r1, r3, lsl #16
    str r1, [r0], #4
    subs r2, r2, #8
    bne 1b
3:  cmp r6, #0
    bne 2b
    cmp r9, #0
    beq 5f
    write .Lnegate
    b 5f
4:  write_left .Lunlikes_end, r8, 2, UNLIKES * 4, UNLIKE
1:  ldr r1, [r7], #4
    str r1, [r0], #4
    subs r2, r2, #4
    bne 1b
5:  cmp r8, #0
    bne 4b
    adr r2, .Lbehind
    ldrh r1, [r2, r10, lsl #1]
    cbz r1, 1f
    add r1, r1, r2
    str r1, [r0], #4
    b 3f
    /* A channel, unless there is none, and what comes then. */
1:  cmp r10, #8
    add r3, sp, #OUTPUTS
    place r5, .Ldifference
    add r1, r4, #HFN_TRIO_OUTPUT
    beq 1f
    adds r3, r3, #OUTPUT_SIZE
    place r5, .Lthird
    adds r1, r1, #OUTPUT_SIZE
    cmp r10, #11
    beq 1f
    adds r3, r3, #OUTPUT_SIZE
    place r5, .Lgroup_end
    adds r1, r1, #OUTPUT_SIZE
1:  ldr r1, [r1, #12]
    cbz r1, 2f
    write .Lput_out
    str r3, [r0], #4
2:  str r5, [r0], #4
3:  adds r10, r10, #1
    cmp r10, #13
    bne .Lwrite
