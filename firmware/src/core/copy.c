#include "copy.h"

#include "isa.h"

#if HFN_ISA == HFN_ISA_DSP || HFN_ISA == HFN_ISA_MVE || (HFN_SMALL && defined(__ARM_FEATURE_UNALIGNED))

/* Words from any address. */
typedef uint32_t __attribute__((__may_alias__, __aligned__(1))) hfn_copied;

void hfn_copy(uint8_t *to, const uint8_t *from, uint32_t count, uint32_t flip) {
    for (; count >= 4; count -= 4, to += 4, from += 4) {
        *(hfn_copied *)(void *)to = *(const hfn_copied *)(const void *)from ^ flip;
    }
    for (; count; count--) {
        *to++ = (uint8_t)(*from++ ^ flip);
    }
}

#else

void hfn_copy(uint8_t *to, const uint8_t *from, uint32_t count, uint32_t flip) {
    for (; count && ((uintptr_t)to & 3); count--) {
        *to++ = (uint8_t)(*from++ ^ flip);
    }
    const uint32_t shift = 8 * (uint32_t)((uintptr_t)from & 3);
    const uint32_t *x = (const void *)(from - shift / 8);
    uint32_t *word = (void *)to;
    to += count & ~3u;
    from += count & ~3u;
    if (shift == 0) {
        while (word != (void *)to) {
            *word++ = *x++ ^ flip;
        }
    } else if (count >= 4) {
        for (uint32_t low = *x++; word != (void *)to;) { /* each word is made of two */
            const uint32_t high = *x++;
            *word++ = (low >> shift | high << (32 - shift)) ^ flip;
            low = high;
        }
    }
    for (count &= 3; count; count--) {
        *to++ = (uint8_t)(*from++ ^ flip);
    }
}

#endif
