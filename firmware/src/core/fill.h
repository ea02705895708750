/* Setting words. */
#ifndef HFN_FILL_H
#define HFN_FILL_H

#include <stdint.h>

/* In a file of its own, as compilers make calls of memset of loops that store a known 0. */
void hfn_fill(uint32_t *to, const uint32_t *end, uint32_t value);

#endif
