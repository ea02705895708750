/* Cycles between the markers of mark.h, by the best counter that the core has. Each marker hands over those since the
 * one before and starts anew, so that the client's time counts nowhere. */
#include "../qemu/semihost.h"

enum { CYCLES = 0x100, COUNTER = 0x101 }; /* operations that only probe.py knows */
enum { DWT_CYCCNT = 1, SYSTICK = 2, MCYCLE = 3 };

#define OVERFLOW UINT32_MAX
#define REGISTER(address) (*(volatile uint32_t *)(address))

void port_mark(void);

static uint32_t counter, since;

#if defined(__riscv)

static uint32_t now(void) {
    uint32_t value;
    __asm__ volatile(".option push\n\t.option arch, +zicsr\n\tcsrr %0, mcycle\n\t.option pop" : "=r"(value));
    return value;
}

static void choose(void) {
    /* mcountinhibit: some cores start with their counters stopped */
    __asm__ volatile(".option push\n\t.option arch, +zicsr\n\tcsrw 0x320, zero\n\t.option pop");
    counter = MCYCLE;
}

static void restart(void) {
    since = now();
}

static uint32_t elapsed(void) {
    return now() - since;
}

#else

#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define SYST_CVR REGISTER(0xE000E018u)
#define SYST_BITS 0xFFFFFFu
#define SYST_RUN 5u /* ENABLE, and CLKSOURCE: the core's clock */
#define SYST_COUNTFLAG (1u << 16)

/* Software may not touch these on Armv6-M, nor is there a counter on Armv8-M Baseline. */
#if __ARM_ARCH >= 7 && !defined(__ARM_ARCH_8M_BASE__)
#define DEMCR REGISTER(0xE000EDFCu)
#define DEMCR_TRCENA (1u << 24)
#define DWT_CTRL REGISTER(0xE0001000u)
#define DWT_CYCCNTENA 1u
#define CYCCNT REGISTER(0xE0001004u)
#define DWT_LAR REGISTER(0xE0001FB0u)
#define UNLOCK 0xC5ACCE55u /* which a Cortex-M7 may want */

static uint32_t cyccnt(void) {
    return CYCCNT;
}

static uint32_t cyccnt_runs(void) {
    DEMCR |= DEMCR_TRCENA;
    DWT_LAR = UNLOCK;
    DWT_CTRL |= DWT_CYCCNTENA;
    const uint32_t before = CYCCNT;
    __asm__ volatile("nop\n\tnop\n\tnop\n\tnop");
    return CYCCNT != before;
}
#else
static uint32_t cyccnt(void) {
    return 0;
}

static uint32_t cyccnt_runs(void) {
    return 0;
}
#endif

static void choose(void) {
    counter = cyccnt_runs() ? DWT_CYCCNT : SYSTICK;
    if (counter == SYSTICK) {
        SYST_RVR = SYST_BITS;
        SYST_CSR = SYST_RUN;
    }
}

static void restart(void) {
    SYST_CVR = 0; /* any write clears it and COUNTFLAG; the next cycle loads SYST_RVR, from where it counts down */
    since = cyccnt();
}

static uint32_t elapsed(void) {
    if (counter == DWT_CYCCNT) {
        return cyccnt() - since;
    }
    const uint32_t cycles = (0u - SYST_CVR) & SYST_BITS;
    return SYST_CSR & SYST_COUNTFLAG ? OVERFLOW : cycles;
}

#endif

void port_mark(void) {
    const uint32_t cycles = elapsed(); /* garbage at the first marker, from which the client counts */
    if (!counter) {
        choose();
        port_semihost(COUNTER, (const void *)(uintptr_t)counter);
    }
    port_semihost(CYCLES, (const void *)(uintptr_t)cycles);
    restart();
}
