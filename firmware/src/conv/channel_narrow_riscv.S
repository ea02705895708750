/* hfn_channel_narrow for RV32IM: channel_narrow.c bit for bit.
 *
 * 32 pixels at a time, in sixteen registers laid out as in lanes.h, which spreads what an entry of a list takes beside
 * its words: 60 instructions for two entries. What is left of a band goes by 24 or 16 pixels, so that nothing beyond 12
 * bytes past the planes is read.
 *
 * Each pixel is there as P = p + 32768 in the end, 1..65535 by N1, so that lanes are split without sign extension. The
 * requantisation is a part of its own, channel_narrow_riscv_scale.h, and runs in the frame below. */
#include "asm_riscv.h"
#include "channel_offsets.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_RV32

    .text
    .option norelax /* or else the linker may take bytes out of what is counted here */

    /* A list in the frame: its first entry, the first one that has a partner, the end. */
    .equ ODD, 4
    .equ STOP, 8

    /* The frame. */
    .equ SUMS, 0 /* lanes of a group: an even and an odd word for each four pixels */
    .equ MINUS, 64
    .equ PLUS, 76
    .equ EVEN, 88 /* what lanes start from */
    .equ ODDS, 92
    .equ MULTIPLIER, 96
    .equ OFFSET, 100
    .equ LOWEST, 104
    .equ TOP, 108
    .equ RATIO, 112
    .equ Y, 116
    .equ RESIDUAL, 120
    .equ LEFT, 124 /* words to come in a row of outputs */
    .equ KIND, 128 /* of requantisation */
    .equ SAVED, 132
    .equ FRAME, 192

    /* a1 = planes of the group, a6 = pixels to come, a7 = channel; s0 = 0x00FF00FF, s1 walks a list up to a0, t2 = the
     * list in the frame. */

    /* For each four pixels of so many words: their even lanes, their odd lanes, their place. */
    .macro each count, do
    \do x18, x19, 0
    \do x20, x21, 1
    \do x22, x23, 2
    \do x24, x25, 3
    .if \count > 4
    \do x26, x27, 4
    \do x28, x29, 5
    .endif
    .if \count > 6
    \do x30, x31, 6
    \do x5, x6, 7
    .endif
    .endm

    .macro begin even, odd, word
    mv \even, a2
    mv \odd, a3
    .endm

    .macro negate even, odd, word
    neg \even, \even
    neg \odd, \odd
    .endm

    .macro put even, odd, word
    sw \even, SUMS + 8 * \word(sp)
    sw \odd, SUMS + 8 * \word + 4(sp)
    .endm

    .macro accumulate even, odd
    srli a3, a2, 8
    and a2, a2, s0
    add \odd, \odd, a3
    add \even, \even, a2
    .endm

    .macro add_one even, odd, word
    lw a2, 4 * \word(a4)
    accumulate \even, \odd
    .endm

    /* Bytes up to 127 are added to each other before they are widened. */
    .macro add_two even, odd, word
    lw a2, 4 * \word(a4)
    lw a3, 4 * \word(a5)
    add a2, a2, a3
    accumulate \even, \odd
    .endm

    .macro pair count, at
    lhu a4, 4 * \at(s1)
    lhu a5, 4 * \at + 2(s1)
    add a4, a4, a1
    add a5, a5, a1
    each \count, add_two
    .endm

    /* The sums of a group of so many words, unrolled by so many pairs of entries. */
    .macro group count, unrolled
.Lgroup\count:
    lw a2, EVEN(sp)
    lw a3, ODDS(sp)
    addi t2, sp, MINUS
    each \count, begin
1:  lw s1, (t2)
    lw a0, ODD(t2)
    beq s1, a0, 3f
2:  lhu a4, (s1)
    addi s1, s1, 2
    add a4, a4, a1
    each \count, add_one
    bne s1, a0, 2b
3:  lw a0, STOP(t2)
    sub a2, s1, a0
    beqz a2, 9f
    andi a2, a2, 4 * (\unrolled - 1) /* of the pairs short of a multiple, which are skipped */
    sub s1, s1, a2
    .if \unrolled == 4
    addi a2, a2, -4
    beqz a2, 5f
    bgtz a2, 8f
    .else
    bnez a2, 7f
    .endif
4:  pair \count, 0
    .if \unrolled == 4
5:  pair \count, 1
6:  pair \count, 2
7:  pair \count, 3
    .else
7:  pair \count, 1
    .endif
    addi s1, s1, 4 * \unrolled
    bne s1, a0, 4b
    .if \unrolled == 4
    j 9f
8:  addi a2, a2, -4
    beqz a2, 6b
    j 7b
    .endif
9:  addi a2, sp, PLUS
    beq t2, a2, 1f
    mv t2, a2
    each \count, negate
    j 1b
1:  each \count, put
    li a5, \count
    .endm

    .macro list at, first, end
    lw a2, \first(a7)
    lw a3, \end(a7)
    sub a4, a3, a2
    bnez a5, 1f /* inputs with a sign have bytes up to 255: no pairs */
    andi a4, a4, 2
1:  add a4, a4, a2
    sw a2, \at(sp)
    sw a4, \at + ODD(sp)
    sw a3, \at + STOP(sp)
    .endm

    entry hfn_channel_narrow
    addi sp, sp, -FRAME
    all_saved sw, SAVED
    mv a7, a0
    lw a1, HFN_CH_PLANES(a7)
    lw a6, HFN_CH_PIXELS(a7)
    li s0, 0x00FF00FF
    lw a5, HFN_CH_HAS_SIGN(a7)
    list MINUS, HFN_CH_MINUS, HFN_CH_LIST_END
    list PLUS, HFN_CH_LIST, HFN_CH_PLUS_END
    lw a2, HFN_CH_START(a7)
    li a3, 32768
    add a2, a2, a3
    neg a2, a2
    slli a3, a2, 16
    add a3, a3, a2
    sw a3, EVEN(sp)
    slli a2, a2, 8
    add a3, a3, a2
    sw a3, ODDS(sp)
    j .Lprepare_scale

.Lgroup:
    li a2, 28
    bgeu a6, a2, .Lgroup8
    li a2, 20
    bgeu a6, a2, .Lgroup6
    bnez a6, .Lgroup4
    all_saved lw, SAVED
    addi sp, sp, FRAME
    ret

    group 4, 2
    j .Lscale
    group 6, 2
    j .Lscale
    group 8, 4

#include "channel_narrow_riscv_scale.h"

    .size hfn_channel_narrow, . - hfn_channel_narrow

#endif
