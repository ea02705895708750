/* hfn_build_plain_lists for RV32IM: hfn_build_lists for tensors of one coat, nothing frozen and generated signs.
 * Without CTZ, a lowest set bit times a de Bruijn sequence names the next weight: thirteen instructions each, ten with
 * Zbb. */
#include "asm_riscv.h"
#include "channel_offsets.h"
#include "generator.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_RV32

    .text

    /* struct hfn_mask */
    .equ KEY, 8
    .equ NEXT, 44
    .equ INDEX, 128
    .equ LEFT, 132
    .equ KEPT, 136
    .equ SIGNS, 164

    /* struct hfn_taps */
    .equ PERIOD, 164
    .equ STEP, 168

    /* Appends the taps of bits, the lowest of which is at tap a2. */
    .macro append bits, before, put, after
    beqz \bits, 2f
1:
#ifdef __riscv_zbb
    ctz a4, \bits
    slli a4, a4, 1
    addi a5, \bits, -1
    and \bits, \bits, a5
#else
    neg a5, \bits
    and a5, a5, \bits
    mul a4, a5, t6
    sub \bits, \bits, a5
    srli a4, a4, 27
    add a4, a4, t5
    lbu a4, (a4)
#endif
    add a4, a4, a2
    lhu a4, (a4)
    \before
    add a4, a4, a3
    sh a4, \put
    \after
    bnez \bits, 1b
2:
    .endm

    /* (channel a0, mask a1, taps a2, weights a3): then a2 = the next tap, a3 = what its period adds, a6 = where to put
     * plus, a7 = minus, t0 = kept, t1 = signs, t2 = how many of them are left of a word, s0 = weights to come, s1 = the
     * words' state, s2 = taps, s3 = behind those of a period, s4 = words,
     * s6 = the tap behind those taken. */
    entry hfn_build_plain_lists
    addi sp, sp, -32
    sw s0, (sp)
    sw s1, 4(sp)
    sw s2, 8(sp)
    sw s3, 12(sp)
    sw s4, 16(sp)
    sw s5, 20(sp)
    sw s6, 24(sp)
    mv s0, a3
    mv s2, a2
    lw a6, HFN_CH_LIST(a0)
    lw a7, HFN_CH_LIST_END(a0)
    lw s3, PERIOD(a2)
    slli s3, s3, 1
    add s3, s3, a2
    li a3, 0
    lw t0, KEPT(a1)
    lw t1, SIGNS(a1)
    lw t2, LEFT(a1)
    lw s4, NEXT(a1)
    lw s1, INDEX(a1)
    li s5, HFN_GOLDEN
    mul s1, s1, s5
    lw a4, KEY(a1)
    add s1, s1, a4
#ifndef __riscv_zbb
    lla t5, .Lindex
    li t6, 0x077CB531
#endif
    bnez t2, .Lready

    /* The next 32 weights: their word of the mask, and of the hash of SPEC section 1. */
.Lword:
    lw t0, (s4)
    addi s4, s4, 4
    add s1, s1, s5
    srli t1, s1, 16
    xor t1, t1, s1
    li a4, HFN_HASH_FIRST
    mul t1, t1, a4
    srli a4, t1, 15
    xor t1, t1, a4
    li a4, HFN_HASH_SECOND
    mul t1, t1, a4
    srli a4, t1, 15
    xor t1, t1, a4
    li t2, 32

.Lready: /* takes a5 of them, t3 = plus, t4 = minus */
    mv a5, t2
    bgeu s0, t2, 1f
    mv a5, s0
1:  sub s0, s0, a5
    sub t2, t2, a5
    li a4, 32
    sub a4, a4, a5
    sll t3, t0, a4
    srl t3, t3, a4
    and t4, t3, t1
    sub t3, t3, t4
    beqz t2, 2f /* a shift by 32 would be none */
    srl t0, t0, a5
    srl t1, t1, a5
2:  slli a5, a5, 1
    add s6, a2, a5
    append t3, "", (a6), "addi a6, a6, 2"
    append t4, "addi a7, a7, -2", (a7), ""
    mv a2, s6
    bltu a2, s3, 3f
    sub a4, s3, s2
    sub a2, a2, a4
    lw a4, STEP(s2)
    add a3, a3, a4
3:  beqz s0, 4f
    beqz t2, .Lword
    j .Lready

4:  sw a6, HFN_CH_PLUS_END(a0)
    sw a7, HFN_CH_MINUS(a0)
    lw a4, NEXT(a1)
    sub a4, s4, a4
    srli a4, a4, 2
    lw a5, INDEX(a1)
    add a5, a5, a4
    sw a5, INDEX(a1)
    sw s4, NEXT(a1)
    sw t0, KEPT(a1)
    sw t1, SIGNS(a1)
    sw t2, LEFT(a1)
    lw s0, (sp)
    lw s1, 4(sp)
    lw s2, 8(sp)
    lw s3, 12(sp)
    lw s4, 16(sp)
    lw s5, 20(sp)
    lw s6, 24(sp)
    addi sp, sp, 32
    ret
    .size hfn_build_plain_lists, . - hfn_build_plain_lists

#ifndef __riscv_zbb
.Lindex: /* of a bit by its product's upper five: of a halfword, in bytes */
    .irp bit, 0, 1, 28, 2, 29, 14, 24, 3, 30, 22, 20, 15, 25, 17, 4, 8
    .byte 2 * \bit
    .endr
    .irp bit, 31, 27, 13, 23, 21, 19, 16, 7, 26, 12, 18, 6, 11, 5, 10, 9
    .byte 2 * \bit
    .endr
#endif

#endif
