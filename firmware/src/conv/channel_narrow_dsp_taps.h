/* What hfn_channel_narrow and hfn_trio_narrow do with a list's entries, on cores with the DSP instructions.
 *
 * The sums of twelve pixels are in r0-r5 (channel_narrow_dsp.S), r6 is in a list, r7 = planes of the group. Loops take
 * r8-r12 and lr. */
#ifndef HFN_CHANNEL_NARROW_DSP_TAPS_H
#define HFN_CHANNEL_NARROW_DSP_TAPS_H

/* clang-format off */

    .equ PIXELS, 12
    .equ UNLIKE, 56 /* bytes of code for an entry of plus and one of minus */
    .equ LIKE, 50   /* for two of one sign that are one word */

    /* r2 = the place in an unrolled loop of so many items of code where r1 bytes of list, not 0, and 4·\each an item,
     * end with a turn. Takes r3. */
    .macro enter loop, unrolled, each, code
    rsbs r1, r1, #0 /* so many short of a multiple: they are skipped */
    and r1, r1, #4 * \each * (\unrolled - 1)
    movs r3, #\code
    mul r1, r1, r3
    adr.w r2, \loop
    add r2, r2, r1, lsr #1 + \each
    orr r2, r2, #1
    .endm

    .macro widen how
    \how r0, r0, r8
    \how r1, r1, r8, ror #8
    \how r2, r2, r9
    \how r3, r3, r9, ror #8
    \how r4, r4, r10
    \how r5, r5, r10, ror #8
    .endm

    /* An entry of the list at r6, whose next one of the same sign is a word on. Planes are at r7. */
    .macro single
    ldrh r8, [r6], #4
    add r8, r7
    ldm r8, {r8, r9, r10}
    widen uxtab16
    .endm

    /* A word of the list: two offsets, in r11; the words of four pixels there, in r8-r10 and r11, r12, lr. */
    .macro two
    ldr r11, [r6], #4
    uxtah r8, r7, r11
    uxtah r11, r7, r11, ror #16
    ldm r8, {r8, r9, r10}
    ldm r11, {r11, r12, lr}
    .endm

    /* Two entries of one sign, of bytes up to 127. */
    .macro like
    two
    add_two
    .endm

    .macro add_two
    add r8, r11
    add r9, r12
    add r10, lr
    widen uxtab16
    .endm

    /* An entry of plus and one of minus, of bytes up to 127. */
    .macro unlike
    two
    ssub8 r8, r8, r11
    ssub8 r9, r9, r12
    ssub8 r10, r10, lr
    widen sxtab16
    .endm

    .macro turn loop, end
    ldr r8, [sp, #\end]
    cmp r6, r8
    bne.w \loop
    .endm

#endif
