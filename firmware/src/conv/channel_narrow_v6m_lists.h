/* Part of channel_narrow_v6m.S: adds the planes of an index list to the sums, and prepares a list in the frame.
 *
 * .Llist is called for each list of a group. It expects r7 at the list in the frame, the sums in r1:r0 and r9:r8, their
 * carry in C, r6 = 0x00FF00FF and r12 = planes of the group. Takes r2-r5, r7 and r11. */
/* clang-format off */

    .macro accumulate
    adcs r0, r0, r2
    adcs r1, r1, r3
    ands r2, r2, r6
    ands r3, r3, r6
    add r8, r2
    add r9, r3
    .endm

    /* Adds a list's planes. */
.Llist:
    ldm r7, {r2-r5, r7} /* from FIRST to LIST */
    mov r11, r3
    mov pc, r2

.Lsingle:
    add r5, r12
    ldm r5!, {r2, r3}
    accumulate
    mov pc, r4

.Lpairs:
    .set pair, 0
    .rept UNROLLED
    ldrh r2, [r7, #pair]
    ldrh r4, [r7, #pair + 2]
    add r2, r12
    add r4, r12
    ldm r2, {r2, r3}
    ldm r4, {r4, r5}
    add r2, r4
    add r3, r5
    accumulate
    .set pair, pair + 4
    .endr
    movs r2, #pair
    add r7, r2
    mov r2, r11
    eors r2, r2, r7
    bne .Lpairs
.Lend:
    bx lr

.Lsigned: /* bytes up to 255 */
    ldrh r2, [r7]
    movs r3, #2
    add r7, r3
    add r2, r12
    ldm r2, {r2, r3}
    accumulate
    mov r2, r11
    eors r2, r2, r7
    bne .Lsigned
    bx lr

    /* Sets the list r3 in the frame, from r0 to r1. Takes r2 and r5-r7. */
.Lprepare:
    str r0, [r3, #LIST]
    ldr r2, =.Lend
    ldr r5, [r4, #HFN_CH_HAS_SIGN]
    cmp r5, #0
    bne 3f
    subs r1, r1, r0
    lsrs r5, r1, #2
    lsls r6, r5, #2
    adds r6, r0, r6
    str r6, [r3, #STOP]
    lsls r7, r1, #30 /* not 0 if there is an entry without a partner */
    rsbs r1, r5, #0  /* so many pairs short of a multiple of UNROLLED: they are skipped */
    lsls r1, r1, #29
    lsrs r1, r1, #29
    cmp r5, #0
    beq 1f
    lsls r5, r1, #2
    subs r0, r0, r5
    str r0, [r3, #LIST]
    movs r5, #ENTRY_BYTES
    muls r1, r5, r1
    ldr r2, =.Lpairs
    adds r2, r2, r1
1:  str r2, [r3, #ENTRY]
    cmp r7, #0
    beq 2f
    ldrh r6, [r6]
    str r6, [r3, #SINGLE]
    ldr r2, =.Lsingle
2:  str r2, [r3, #FIRST]
    bx lr
3:  str r1, [r3, #STOP]
    cmp r0, r1
    beq 2b
    ldr r2, =.Lsigned
    b 2b
    .ltorg
