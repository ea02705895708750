/* Painting and reading the stack, as stack_arm.S does. */
#include "../../src/core/stack_note.h"

#define PAINT 0xA5A5A5A5
#define PAINTED_BYTES 4096

/* clang-format off */

    .macro function name
    .section .text.\name, "ax", %progbits
    .global \name
    .type \name, %function
\name:
    .endm

    function port_stack_paint
    la t0, port_painted_to
    sw sp, 0(t0)
    li t0, PAINTED_BYTES
    sub a0, sp, t0
    la t0, port_stack_limit
    bgeu a0, t0, 1f
    mv a0, t0
1:
    la t0, port_painted_from
    sw a0, 0(t0)
    li a1, PAINT
    j 3f
2:
    sw a1, 0(a0)
    addi a0, a0, 4
3:
    bltu a0, sp, 2b
    ret

    /* Goes on in C, once it has been read. */
    function port_stack_used
    la t0, port_painted_from
    lw a0, 0(t0)
    li a1, PAINT
    j 2f
1:
    addi a0, a0, 4
2:
    lw a2, 0(a0)
    beq a2, a1, 1b
    tail port_stack_written
