/* Reset and faults of Arm's boards. */
#include "start.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define CPUID REGISTER(0xE000ED00u)
#define CCR REGISTER(0xE000ED14u)
#define CPACR REGISTER(0xE000ED88u)
#define CPUID_ARMV6M(id) (((id) >> 16 & 15u) == 12u)
#define CCR_UNALIGN_TRP (1u << 3)

extern void port_stack_top(void); /* of sections.ld: an address; typed to fit the vector table */

extern void (*const port_vectors[16])(void);

void port_reset(void);
void port_trapped(const uint32_t *frame);

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
    port_start();
}

/* The frame is what the core pushed: r0-r3, r12, lr, pc, xpsr. */
__attribute__((used)) void port_trapped(const uint32_t *frame) {
    port_fault(frame[6], frame[5]);
}

__attribute__((naked)) static void trap(void) {
    __asm__("mov r0, sp\n\tldr r1, =port_trapped\n\tbx r1\n\t.ltorg");
}

__attribute__((section(".vectors"), used)) void (*const port_vectors[16])(void) = {
    port_stack_top, port_reset, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap,
};
