/* Semihosting in QEMU: an instruction that the debugger knows, with an operation in one register and its argument block
 * in the next. */
#include "semihost.h"

intptr_t port_semihost(intptr_t operation, const void *block) {
#if defined(__riscv)
    register intptr_t result __asm__("a0") = operation;
    register const void *argument __asm__("a1") = block;
    __asm__ volatile(".option push\n\t.option norvc\n\t.balign 16\n\t" /* the three lie in one page */
                     "slli x0, x0, 0x1f\n\tebreak\n\tsrai x0, x0, 7\n\t.option pop"
                     : "+r"(result)
                     : "r"(argument)
                     : "memory");
#else
    register intptr_t result __asm__("r0") = operation;
    register const void *argument __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : "+r"(result) : "r"(argument) : "memory");
#endif
    return result;
}
