/* Trained weights of four bits (SPEC section 2). */
#ifndef HFN_INT4_H
#define HFN_INT4_H

#include "edgehfn.h"

/* The count weights from the first on of those at values, a byte each. */
void hfn_unpack(int8_t *to, const int8_t *values, uint32_t first, uint32_t count);

#endif
