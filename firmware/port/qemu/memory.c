/* The two functions of a C library that GCC calls without being asked, for boards whose tool chain comes without one.
 * Small rather than fast: the runtime copies structs of a few words. */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    volatile char *byte = to; /* volatile: else the loop becomes a call of memcpy */
    const char *next = from;
    while (size--) {
        *byte++ = *next++;
    }
    return to;
}

void *memset(void *to, int value, size_t size) {
    volatile char *byte = to;
    while (size--) {
        *byte++ = (char)value;
    }
    return to;
}
