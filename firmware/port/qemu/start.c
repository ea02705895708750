/* Reset and faults of every board, and how much of the stack was used. Needs no library, so whatever library code an
 * image holds is the runtime's. */
#include "../port.h"

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define CPUID REGISTER(0xE000ED00u)
#define CCR REGISTER(0xE000ED14u)
#define CPACR REGISTER(0xE000ED88u)
#define CPUID_ARMV6M(id) (((id) >> 16 & 15u) == 12u)
#define CCR_UNALIGN_TRP (1u << 3)

/* From sections.ld. */
extern uint32_t port_data_load[], port_data_start[], port_data_end[], port_bss_start[], port_bss_end[],
    port_stack_limit[];
extern void port_stack_top(void); /* an address; typed to fit the vector table */

int main(void);
void port_reset(void);
void port_fault(const uint32_t *frame);
size_t port_stack_written(const uint32_t *from);

uint32_t *port_painted_from, *port_painted_to; /* which stack.S sets */

void port_reset(void) {
#if !defined(__ARM_FEATURE_UNALIGNED) /* what stands in for an M0 must refuse it, and whoever builds so asks for it */
    if (!CPUID_ARMV6M(CPUID)) {
        CCR |= CCR_UNALIGN_TRP;
    }
#endif
#if defined(__ARM_FP) /* coprocessors 10 and 11: floating point and Helium */
    CPACR |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
#endif
    const volatile uint32_t *from = port_data_load; /* volatile: else these loops become memcpy and memset */
    for (volatile uint32_t *to = port_data_start; to != port_data_end; to++) {
        *to = *from++;
    }
    for (volatile uint32_t *to = port_bss_start; to != port_bss_end; to++) {
        *to = 0;
    }
    port_exit(main());
}

/* The frame is what the core pushed: r0-r3, r12, lr, pc, xpsr. */
__attribute__((used)) void port_fault(const uint32_t *frame) {
    static char text[] = "fault at pc ........, called from ........\n";
    const uint32_t shown[2] = {frame[6], frame[5]};
    char *const digits[2] = {text + 12, text + 34};
    for (int n = 0; n < 2; n++) {
        for (int i = 0; i < 8; i++) {
            digits[n][i] = "0123456789abcdef"[shown[n] >> (28 - 4 * i) & 15];
        }
    }
    port_print(text);
    port_exit(4);
}

__attribute__((naked)) static void trap(void) {
    __asm__("mov r0, sp\n\tldr r1, =port_fault\n\tbx r1\n\t.ltorg");
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    port_stack_top, port_reset, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap,
};

/* From the first word that has been written, counted from the lowest one painted. */
size_t port_stack_written(const uint32_t *from) {
    if (from == port_painted_from) {
        port_print("the model used more stack than the harness painted or the board has\n");
        port_exit(5);
    }
    return (size_t)(port_painted_to - from) * sizeof *from;
}
