/* Painting and reading the stack, without pushing anything: a compiler may push before or behind the place where C asks
 * for the stack pointer, and C would then paint over its own frame, or count it. Instructions are those of every core. */
#include "../../src/core/stack_note.h"

#define PAINT 0xA5A5A5A5
#define PAINTED_BYTES 4096

/* clang-format off */

    .syntax unified
    .thumb

    .macro function name
    .section .text.\name, "ax", %progbits
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

    function port_stack_paint
    ldr r0, =port_painted_to
    mov r2, sp
    str r2, [r0]
    ldr r1, =PAINTED_BYTES
    subs r0, r2, r1
    ldr r1, =port_stack_limit
    cmp r0, r1
    bhs 1f
    mov r0, r1
1:
    ldr r1, =port_painted_from
    str r0, [r1]
    ldr r1, =PAINT
    b 3f
2:
    str r1, [r0]
    adds r0, #4
3:
    cmp r0, r2
    blo 2b
    bx lr
    .ltorg

    /* Goes on in C, once it has been read. */
    function port_stack_used
    ldr r0, =port_painted_from
    ldr r0, [r0]
    ldr r1, =PAINT
    b 2f
1:
    adds r0, #4
2:
    ldr r2, [r0]
    cmp r2, r1
    beq 1b
    ldr r1, =port_stack_written
    bx r1
    .ltorg
