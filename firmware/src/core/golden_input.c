#include "generator.h"

#include "edgehfn.h"

void hfn_golden_input(uint32_t key, void *raw, size_t size) {
    uint8_t *bytes = raw;
    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(hfn_word(key, i / 4) >> 8 * (i % 4));
    }
}
