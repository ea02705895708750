/* What the start of each architecture (start_*.[cS], stack_*.S) hands over to start.c. */
#ifndef EDGEHFN_START_H
#define EDGEHFN_START_H

#include <stddef.h>
#include <stdint.h>

/* Once there is a stack. */
__attribute__((noreturn)) void port_start(void);

/* The addresses of an instruction that failed and, if it is known, of the call behind which it was. */
__attribute__((noreturn)) void port_fault(uint32_t at, uint32_t called_from);

size_t port_stack_written(const uint32_t *from);

#endif
