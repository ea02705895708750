#include "generator.h"

#include "edgehfn.h"

void hfn_golden_input(uint32_t key, void *raw, size_t size) {
    hfn_golden_part(key, 0, raw, size);
}

void hfn_golden_part(uint32_t key, uint32_t first, void *raw, size_t size) {
    uint8_t *bytes = raw;
    for (uint32_t i = first; i < first + size; i++) {
        *bytes++ = (uint8_t)(hfn_word(key, i / 4) >> 8 * (i % 4));
    }
}
