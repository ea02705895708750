#ifndef HFN_DOT_H
#define HFN_DOT_H

#include <stdint.h>

/* Σ x·weight of count elements, at least one. */
int32_t hfn_dot(const int8_t *x, const int8_t *weight, uint32_t count);

#endif
