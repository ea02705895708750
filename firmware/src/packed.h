/* Trained weights of fewer than 8 bits (SPEC section 2). */
#ifndef HFN_PACKED_H
#define HFN_PACKED_H

#include "edgehfn.h"

/* The count weights from the first on of the struct hfn_packed at a model offset, a byte each. */
void hfn_unpack(int8_t *to, const void *model, uint32_t weight, uint32_t first, uint32_t count);

#endif
