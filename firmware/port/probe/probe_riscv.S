/* Where a program that a debugger put into memory stops. */
#include "../../src/core/stack_note.h"

/* clang-format off */

    .section .text.port_stop, "ax", %progbits
    .balign 4
    .global port_stop
    .type port_stop, %function
port_stop:
    .option push
    .option norvc /* a breakpoint of four bytes, on cores without compressed instructions, too */
    nop /* where the breakpoint stands; the client goes on behind it */
    .option pop
    ret
    .size port_stop, . - port_stop
