/* Part of channel_narrow_v7m.S: the macros that prepare an index list in the frame and add its planes to the sums.
 *
 * prepare expects r4 = channel and takes r0-r3, r5 and r6. list expects the sums in r0-r5 and r7 = planes of the group,
 * and takes r6, r8-r12 and lr. Both are written out once for each list: at is its place in the frame and names its
 * labels, op is add or sub. */
/* clang-format off */

    .equ UNROLLED, 8
    .equ BYTESadd, 56 /* of code, for two list entries */
    .equ BYTESsub, 62

    .macro accumulate op
    \op\().w r1, r1, r8, lsr #8
    bic r8, r8, #0xFF00FF00
    \op r0, r0, r8
    \op\().w r3, r3, r9, lsr #8
    bic r9, r9, #0xFF00FF00
    \op r2, r2, r9
    \op\().w r5, r5, r10, lsr #8
    bic r10, r10, #0xFF00FF00
    \op r4, r4, r10
    .endm

    /* Adds or subtracts a list's planes, from r7 on. */
    .macro list at, op
    ldr r6, [sp, #\at + LIST]
    ldr pc, [sp, #\at + FIRST]

.Lsigned\at: /* bytes up to 255 */
    ldrh r8, [r6], #2
    add r8, r7
    ldm r8, {r8, r9, r10}
    accumulate \op
    ldr r8, [sp, #\at + STOP]
    cmp r6, r8
    bne .Lsigned\at
    b.w .Lend\at

.Lsingle\at:
    ldr r8, [sp, #\at + SINGLE]
    add r8, r7
    ldm r8, {r8, r9, r10}
    accumulate \op
    ldr pc, [sp, #\at + ENTRY]

    .balign 4
.Lpairs\at:
    .rept UNROLLED
    ldrh r8, [r6], #2
    ldrh r11, [r6], #2
    add r8, r7
    add r11, r7
    ldm r8, {r8, r9, r10}
    ldm r11, {r11, r12, lr}
    add r8, r11
    add r9, r12
    add r10, lr
    accumulate \op
    .endr
    ldr r8, [sp, #\at + STOP]
    cmp r6, r8
    bne.w .Lpairs\at
.Lend\at:
    .endm

    /* Sets the list in the frame, between the channel's pointers from and to. */
    .macro prepare at, from, to, op
    ldr r0, [r4, #\from]
    ldr r1, [r4, #\to]
    str r0, [sp, #\at + LIST]
    adr.w r2, .Lsigned\at
    ldr r3, [r4, #HFN_CH_HAS_SIGN]
    cbz r3, 1f
    cmp r0, r1
    bne 4f
    adr.w r2, .Lend\at
    b 4f
1:  subs r5, r1, r0
    adr.w r2, .Lend\at
    lsrs r3, r5, #2 /* pairs */
    beq 2f
    adr.w r2, .Lpairs\at
    rsbs r3, r3, #0 /* so many short of a multiple of UNROLLED: they are skipped */
    and r3, r3, #UNROLLED - 1
    movs r6, #BYTES\op
    mla r2, r3, r6, r2
2:  lsls r5, r5, #30 /* not 0 if there is an entry without a partner */
    beq 4f
    ldrh r3, [r1, #-2]!
    str r3, [sp, #\at + SINGLE]
    orr r2, r2, #1
    str r2, [sp, #\at + ENTRY]
    adr.w r2, .Lsingle\at
4:  str r1, [sp, #\at + STOP]
    orr r2, r2, #1
    str r2, [sp, #\at + FIRST]
    .endm

