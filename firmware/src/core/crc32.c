#include "edgehfn.h"

/* IEEE 802.3: reflected, initial and final value 0xFFFFFFFF. */
uint32_t hfn_crc32(const void *data, size_t size) {
    uint32_t crc = 0xFFFFFFFFu;
    for (const uint8_t *byte = data, *end = byte + size; byte != end; byte++) {
        crc ^= *byte;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1)));
        }
    }
    return ~crc;
}
