#include "packed.h"

#include "arena.h"

struct hfn_fields hfn_fields(const void *model, uint32_t weight, uint32_t first) {
    const struct hfn_packed *packed = hfn_in_model(model, weight);
    const uint32_t at = packed->bits * first;
    const uint8_t *from = (const uint8_t *)hfn_in_model(model, packed->values) + at / 8;
    struct hfn_fields fields = {from, (uint32_t)*from >> at % 8, 8 - at % 8, packed->bits, packed->bits == 1};
    return fields;
}
