/* Copying bytes. */
#ifndef HFN_COPY_H
#define HFN_COPY_H

#include <stdint.h>

/* to[i] = from[i] ^ a byte of flip, whose four are equal. Reads only words that hold at least one of the bytes. */
void hfn_copy(uint8_t *to, const uint8_t *from, uint32_t count, uint32_t flip);

#endif
