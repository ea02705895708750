/* What the assembly files for Arm have in common. */
#ifndef HFN_ASM_H
#define HFN_ASM_H

#include "isa.h"
#include "stack_note.h"

/* Assembly, which only *.S include. */
/* clang-format off */

#if HFN_CORE != HFN_ISA_C && HFN_CORE != HFN_ISA_RV32

    .syntax unified
    .thumb

    /* A function for other files to call, in the present section. */
    .macro entry name
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

    /* The same in a section of its own, so that a linker can leave it out. */
    .macro function name
    .section .text.\name, "ax", %progbits
    entry \name
    .endm

    /* On Armv6-M, where PUSH and POP take low registers only: r8-r11 to the stack, through r4-r7, and back. */
    .macro push_high
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    .endm

    .macro pop_high
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    .endm

#endif

#endif
