/* Reset and faults of RISC-V's board, whose first instruction is the first of flash. */
#include "../../src/core/stack_note.h"

/* clang-format off */

    .option arch, +zicsr

    .section .vectors, "ax", %progbits
    .global port_reset
    .type port_reset, %function
port_reset:
    csrci mstatus, 8 /* no interrupts: a probe starts here behind whatever ran before */
    la sp, port_stack_top
    la t0, trap
    csrw mtvec, t0
    tail port_start

    .balign 4
trap:
    csrr a0, mepc
    mv a1, ra
    tail port_fault
    .size port_reset, . - port_reset
