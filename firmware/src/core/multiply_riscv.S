/* The product of words for RISC-V cores without a multiplier, which GCC calls for hfn_rounded and others. Its own ends
 * with the highest bit of a factor, so that time would depend on data; this one always takes 16 turns of two bits. */
#include "stack_note.h"

/* clang-format off */

#if defined(__riscv) && __riscv_xlen == 32 && !defined(__riscv_mul)

    .section .text.__mulsi3, "ax", %progbits
    .global __mulsi3
    .type __mulsi3, %function
__mulsi3:
    mv a2, a0
    li a0, 0
    li a5, 16
1:
    slli a3, a1, 31
    srai a3, a3, 31
    and a3, a3, a2
    add a0, a0, a3
    slli a2, a2, 1
    slli a3, a1, 30
    srai a3, a3, 31
    and a3, a3, a2
    add a0, a0, a3
    slli a2, a2, 1
    srli a1, a1, 2
    addi a5, a5, -1
    bnez a5, 1b
    ret
    .size __mulsi3, . - __mulsi3

#endif
