/* Trained weights of fewer than 8 bits in order (SPEC section 2). */
#ifndef HFN_PACKED_H
#define HFN_PACKED_H

#include "edgehfn.h"

struct hfn_fields {
    const uint8_t *from; /* the present byte */
    uint32_t rest;       /* what is left of it, the next field lowest */
    uint32_t left;       /* bits of that */
    uint32_t bits;
    int32_t one; /* makes 1 and -1 of the fields 0 and -1, if they are of one bit */
};

/* Starts before the weight number first of the struct hfn_packed at a model offset.
 * REQUIRE bits·first < 2^32: less than half a gigabyte. */
struct hfn_fields hfn_fields(const void *model, uint32_t weight, uint32_t first);

/* The next weight. */
static inline int32_t hfn_field(struct hfn_fields *fields) {
    const uint32_t spare = 32 - fields->bits;
    if (fields->left == 0) {
        fields->rest = *++fields->from;
        fields->left = 8;
    }
    const int32_t value = (int32_t)(fields->rest << spare) >> spare;
    fields->rest >>= fields->bits;
    fields->left -= fields->bits;
    return value | fields->one;
}

#endif
