/* Included before the model (gcc -include): what a traced or a counted build does after each node. */
#ifndef EDGEHFN_PORT_MARK_H
#define EDGEHFN_PORT_MARK_H

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

/* Every node's bytes go to the output file; of a group's nodes the rows of each tick, channel by channel. */
#if defined(PORT_TRACE)
void harness_trace(const void *tensor, size_t size);
void harness_trace_rows(const void *ticks, uint32_t tick, const uint32_t *arena);
#define HFN_TRACE(index, tensor, size) harness_trace(tensor, size)
#define HFN_TRACE_ROWS(index, ticks, tick, arena) harness_trace_rows(ticks, tick, arena)
#endif

/* An instruction that no compiler emits: when it is executed, qemu/count.c logs how many others were. */
#if defined(PORT_COUNT)
#if defined(__riscv)
#define PORT_MARK() __asm__ volatile("lui x0, 0x46d20" ::: "memory") /* a hint, which does nothing */
#else
#define PORT_MARK() __asm__ volatile("mov r10, r10" ::: "memory")
#endif
#elif defined(PORT_CYCLES)
void port_mark(void); /* of probe/cycles.c */
#define PORT_MARK() port_mark()
#else
#define PORT_MARK() ((void)0)
#endif

#if defined(PORT_COUNT) || defined(PORT_CYCLES)
#define HFN_TRACE(index, tensor, size) PORT_MARK()
#define HFN_TRACE_ROWS(index, ticks, tick, arena) PORT_MARK()
#define HFN_TRACE_SLIDE(index) PORT_MARK()
#endif

#endif

#endif
