/* Part of channel_narrow_mve.S: the macros that prepare an index list and add its planes to the sums.
 *
 * prepare expects r4 = channel. accumulate expects the sums of up to three blocks in q0-q5 and r5 = planes of the
 * group, and takes r0-r3, lr, q6 and q7; op is vadd or vsub. */
/* clang-format off */

    /* For the list between the channel's pointers from and to: where it starts, its entries to add one by one and, after
     * them, those in twos. r3 is the channel's has_sign. */
    .macro prepare list, singles, doubles, from, to
    ldr \list, [r4, #\from]
    ldr \doubles, [r4, #\to]
    sub \doubles, \doubles, \list
    lsr \doubles, \doubles, #1
    and \singles, \doubles, #1
    lsr \doubles, \doubles, #1
    cmp r3, #0
    itt ne
    addne \singles, \singles, \doubles, lsl #1
    movne \doubles, #0
    .endm

    /* Adds a block's bytes, in \sum, to its lanes or, with vsub, takes them off. */
    .macro widen op, sum, both, second
    \op\().i16 \both, \both, \sum
    vshr.u16 \sum, \sum, #8
    \op\().i16 \second, \second, \sum
    .endm

    /* One entry of the list at r0. Planes are at r5. */
    .macro single op, blocks
    ldrh r1, [r0], #2
    add r1, r5
    vldrb.u8 q6, [r1]
    .if \blocks > 1
    vldrb.u8 q7, [r1, #16]
    .endif
    widen \op, q6, q0, q1
    .if \blocks > 2
    vldrb.u8 q6, [r1, #32]
    .endif
    .if \blocks > 1
    widen \op, q7, q2, q3
    .endif
    .if \blocks > 2
    widen \op, q6, q4, q5
    .endif
    .endm

    /* Two entries, of bytes up to 127. */
    .macro double op, blocks
    ldr r1, [r0], #4
    uxtah r2, r5, r1
    uxtah r3, r5, r1, ror #16
    vldrb.u8 q6, [r2]
    vldrb.u8 q7, [r3]
    vadd.i8 q6, q6, q7
    .if \blocks > 1
    vldrb.u8 q7, [r2, #16]
    .endif
    widen \op, q6, q0, q1
    .if \blocks > 1
    vldrb.u8 q6, [r3, #16]
    vadd.i8 q7, q7, q6
    .if \blocks > 2
    vldrb.u8 q6, [r2, #32]
    .endif
    widen \op, q7, q2, q3
    .endif
    .if \blocks > 2
    vldrb.u8 q7, [r3, #32]
    vadd.i8 q6, q6, q7
    widen \op, q6, q4, q5
    .endif
    .endm

    .macro accumulate op, list, singles, doubles, blocks
    mov r0, \list
    wls lr, \singles, 2f
1:  single \op, \blocks
    le lr, 1b
2:  wls lr, \doubles, 4f
3:  double \op, \blocks
    le lr, 3b
4:
    .endm
