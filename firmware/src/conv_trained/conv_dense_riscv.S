/* conv_dense.h for RV32IM: the sums of two groups at a time, unrolled by two taps. */
#include "asm_riscv.h"
#include "isa.h"
#include "tile_offsets.h"

#if HFN_ISA == HFN_ISA_RV32

    .macro add_pixel sum, at, group
    lw a6, \at(\group)
    mul a6, a6, a5
    add \sum, \sum, a6
    .endm

    .macro add_group first, second, third, fourth, at, group
    add_pixel \first, \at, \group
    add_pixel \second, \at + 4, \group
    add_pixel \third, \at + 8, \group
    add_pixel \fourth, \at + 12, \group
    .endm

    .macro add_tap tap
    lb a5, \tap(a2)
    add_group t0, t1, t2, t3, 16 * \tap, a3
    add_group t4, t5, t6, a7, 16 * \tap, a4
    .endm

    /* (tile a0, sums a1, weight a2): where from in a3 and a4, the weights' end in s0, their number's lowest bit in s1:
     * a tap to skip at first; the sums' end in s2, a group's bytes in s3; sums in t0-t6 and a7. */
    function hfn_tile_sums
    addi sp, sp, -16
    sw s0, (sp)
    sw s1, 4(sp)
    sw s2, 8(sp)
    sw s3, 12(sp)
    lw a3, HFN_TILE_TO(a0)
    lw s3, HFN_TILE_WEIGHTS(a0)
    lw s2, HFN_TILE_GROUPS(a0)
    slli s2, s2, 4
    add s2, s2, a1
    add s0, a2, s3
    andi s1, s3, 1
    slli s3, s3, 4
1:  add a4, a3, s3
    addi a5, a1, 16
    bne a5, s2, 2f
    mv a4, a3 /* the last one alone: twice the same */
2:  li t0, 0
    li t1, 0
    li t2, 0
    li t3, 0
    li t4, 0
    li t5, 0
    li t6, 0
    li a7, 0
    sub a2, a2, s1
    slli a5, s1, 4
    sub a3, a3, a5
    sub a4, a4, a5
    bnez s1, 4f
3:  add_tap 0
4:  add_tap 1
    addi a2, a2, 2
    addi a3, a3, 32
    addi a4, a4, 32
    bne a2, s0, 3b
    srli a5, s3, 4
    sub a2, a2, a5
    sw t0, (a1)
    sw t1, 4(a1)
    sw t2, 8(a1)
    sw t3, 12(a1)
    addi a1, a1, 16
    beq a1, s2, 5f
    sw t4, (a1)
    sw t5, 4(a1)
    sw t6, 8(a1)
    sw a7, 12(a1)
    addi a1, a1, 16
    mv a3, a4
    bne a1, s2, 1b
5:  lw s0, (sp)
    lw s1, 4(sp)
    lw s2, 8(sp)
    lw s3, 12(sp)
    addi sp, sp, 16
    ret
    .size hfn_tile_sums, . - hfn_tile_sums

#endif
