/* Start of a program that a debugger put into memory, whatever ran before; and where it stops. */
#include "../../src/core/stack_note.h"

#define VTOR 0xE000ED08

/* clang-format off */

    .syntax unified
    .thumb

    .section .text.port_probe_start, "ax", %progbits
    .global port_probe_start
    .type port_probe_start, %function
    .thumb_func
port_probe_start:
    cpsid i
    movs r0, #0
    msr CONTROL, r0 /* privileged, on the main stack */
    isb
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
    msr MSPLIM, r0
#endif
    ldr r0, =port_stack_top
    mov sp, r0
    ldr r0, =VTOR /* a Cortex-M0 has none, and ignores this: its faults go where flash says */
    ldr r1, =port_vectors
    str r1, [r0]
    dsb
    ldr r0, =port_reset
    bx r0
    .ltorg

    .section .text.port_stop, "ax", %progbits
    .global port_stop
    .type port_stop, %function
    .thumb_func
port_stop:
    nop /* where the breakpoint stands; the client goes on behind it */
    bx lr
