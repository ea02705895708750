/* One operation of the semihosting of Arm, which RISC-V took over, and its argument block. */
#ifndef EDGEHFN_SEMIHOST_H
#define EDGEHFN_SEMIHOST_H

#include <stdint.h>

intptr_t port_semihost(intptr_t operation, const void *block);

#endif
