/* runs.h for RV32IM: four words at a time. */
#include "asm_riscv.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_RV32

    /* Runs of words from a2 to a0 up to a1: four at a time, then what is left one by one. */
    .macro run four, one
    addi a4, a1, -12
    bgeu a0, a4, 2f
1:  \four
    addi a2, a2, 16
    addi a0, a0, 16
    bltu a0, a4, 1b
2:  bgeu a0, a1, 4f
3:  \one
    addi a2, a2, 4
    addi a0, a0, 4
    bltu a0, a1, 3b
4:  ret
    .endm

    .macro copy_one
    lw a5, (a2)
    xor a5, a5, a3
    sw a5, (a0)
    .endm

    .macro copy_four
    lw a5, (a2)
    lw a6, 4(a2)
    lw a7, 8(a2)
    lw t0, 12(a2)
    xor a5, a5, a3
    xor a6, a6, a3
    xor a7, a7, a3
    xor t0, t0, a3
    sw a5, (a0)
    sw a6, 4(a0)
    sw a7, 8(a0)
    sw t0, 12(a0)
    .endm

    /* The word before is in a3, and what is read afterwards. */
    .macro shift_one right, left
    lw a5, (a2)
    srli a3, a3, \right
    slli a6, a5, \left
    or a6, a6, a3
    sw a6, (a0)
    mv a3, a5
    .endm

    /* Two words without moving them. */
    .macro shift_two at, right, left
    lw a5, \at(a2)
    srli a3, a3, \right
    slli a6, a5, \left
    or a6, a6, a3
    sw a6, \at(a0)
    lw a3, \at + 4(a2)
    srli a5, a5, \right
    slli a6, a3, \left
    or a6, a6, a5
    sw a6, \at + 4(a0)
    .endm

    .macro shift_four right, left
    shift_two 0, \right, \left
    shift_two 8, \right, \left
    .endm

    function hfn_run_copy
    run copy_four, copy_one
    .size hfn_run_copy, . - hfn_run_copy

    function hfn_run_down
    lw a3, (a2)
    addi a2, a2, 4
    run "shift_four 8, 24", "shift_one 8, 24"
    .size hfn_run_down, . - hfn_run_down

    function hfn_run_up
    li a3, 0
    run "shift_four 24, 8", "shift_one 24, 8"
    .size hfn_run_up, . - hfn_run_up

#endif
