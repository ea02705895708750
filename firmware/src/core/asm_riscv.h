/* What the assembly files for RISC-V have in common. */
#ifndef HFN_ASM_RISCV_H
#define HFN_ASM_RISCV_H

#include "isa.h"
#include "stack_note.h"

/* Assembly, which only *.S include. */
/* clang-format off */

#if HFN_ISA == HFN_ISA_RV32

    /* A function for other files to call, in the present section. */
    .macro entry name
    .global \name
    .type \name, @function
\name:
    .endm

    /* The same in a section of its own, so that a linker can leave it out. */
    .macro function name
    .section .text.\name, "ax", @progbits
    entry \name
    .endm

    /* s0-s11 to the frame, from offset at on, and back. */
    .macro all_saved op, at
    \op s0, \at(sp)
    \op s1, \at + 4(sp)
    \op s2, \at + 8(sp)
    \op s3, \at + 12(sp)
    \op s4, \at + 16(sp)
    \op s5, \at + 20(sp)
    \op s6, \at + 24(sp)
    \op s7, \at + 28(sp)
    \op s8, \at + 32(sp)
    \op s9, \at + 36(sp)
    \op s10, \at + 40(sp)
    \op s11, \at + 44(sp)
    .endm

#endif

#endif
