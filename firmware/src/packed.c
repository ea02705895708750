#include "packed.h"

#include "arena.h"

/* REQUIRE bits·(first + count) < 2^32: a model of half a gigabyte. */
void hfn_unpack(int8_t *to, const void *model, uint32_t weight, uint32_t first, uint32_t count) {
    const struct hfn_packed *packed = hfn_in_model(model, weight);
    const uint32_t bits = packed->bits, spare = 32 - bits, at = first * bits;
    const int32_t one = bits == 1; /* makes 1 and -1 of the fields 0 and -1 */
    const uint8_t *from = (const uint8_t *)hfn_in_model(model, packed->values) + at / 8;
    uint32_t fields = (uint32_t)*from >> at % 8, left = 8 - at % 8; /* bits of a byte, the next field lowest */
    for (int8_t *end = to + count; to != end; to++) {
        if (left == 0) {
            fields = *++from;
            left = 8;
        }
        *to = (int8_t)((int32_t)(fields << spare) >> spare | one);
        fields >>= bits;
        left -= bits;
    }
}
