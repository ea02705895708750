#include "rows.h"

#include "isa.h"

#if HFN_FEW_ROWS && !HFN_SMALL

#if HFN_ISA == HFN_ISA_MVE

#include <arm_mve.h>

static inline void hfn_rows_whole(uint8_t *to, const uint8_t *x, const struct hfn_rows *rows) {
    const uint32_t next = 4 * rows->column;
    const uint8x16_t zero = vdupq_n_u8((uint8_t)rows->zero);
    mve_pred16_t before = 0xFFFE; /* all bytes but that to the left of the row */
    for (int32_t left = (int32_t)(4 * rows->words); left > 0; left -= 16, to += 16, x += 16, before = 0xFFFF) {
        const mve_pred16_t inside = vctp8q((uint32_t)left);
        vstrbq_p_u8(to, veorq_u8(vldrbq_z_u8(x - 1, inside & before), zero), inside);
        vstrbq_p_u8(to + next, veorq_u8(vldrbq_z_u8(x, inside), zero), inside);
        vstrbq_p_u8(to + 2 * next, veorq_u8(vldrbq_z_u8(x + 1, vctp8q((uint32_t)left - 1)), zero), inside);
    }
}

static inline void hfn_rows_halves(uint8_t *to, const uint8_t *x, const struct hfn_rows *rows) {
    const uint32_t next = 4 * rows->column;
    const uint16x8_t zero = vdupq_n_u16((uint16_t)rows->zero);
    *to = (uint8_t)rows->zero;
    for (int32_t left = (int32_t)(4 * rows->words); left > 0; left -= 8, to += 8, x += 16) {
        const mve_pred16_t inside = vctp16q((uint32_t)left);
        const uint16x8_t pairs = veorq_u16(vldrhq_z_u16((const void *)x, inside), zero), odd = vshrq_n_u16(pairs, 8);
        vstrbq_p_u16(to + 1, odd, vctp16q((uint32_t)left - 1));
        vstrbq_p_u16(to + next, pairs, inside);
        vstrbq_p_u16(to + 2 * next, odd, inside);
    }
}

#else

/* Bytes 0 and 2 of low and of high. */
static inline uint32_t hfn_rows_every_other(uint32_t low, uint32_t high) {
    low &= 0x00FF00FFu;
    high &= 0x00FF00FFu;
    return ((low | low >> 8) & 0xFFFFu) | (high | high >> 8) << 16;
}

static inline void hfn_rows_whole(void *to, const void *row, const struct hfn_rows *rows) {
    uint32_t *left = to, *middle = left + rows->column, *right = middle + rows->column, *const end = left + rows->words;
    const uint32_t *x = row, zero = rows->zero;
    for (uint32_t before = 0, now = *x++, next; left != end; before = now, now = next) {
        next = left + 1 != end ? *x++ : 0;
        *left++ = (now << 8 | before >> 24) ^ zero;
        *middle++ = now ^ zero;
        *right++ = (now >> 8 | next << 24) ^ zero;
    }
}

static inline void hfn_rows_halves(void *to, const void *row, const struct hfn_rows *rows) {
    uint32_t *left = to, *middle = left + rows->column, *right = middle + rows->column, *const end = left + rows->words;
    const uint32_t *x = row, zero = rows->zero;
    for (uint32_t before = 0, odd; left != end; before = odd) {
        const uint32_t low = *x++, high = *x++;
        odd = hfn_rows_every_other(low >> 8, high >> 8);
        *left++ = (odd << 8 | before >> 24) ^ zero;
        *middle++ = hfn_rows_every_other(low, high) ^ zero;
        *right++ = odd ^ zero;
    }
}

#endif

void hfn_rows_read(uint32_t *to, const uint8_t *x, const struct hfn_rows *rows) {
    const struct hfn_rows own = *rows; /* a copy, so that what is stored cannot change it */
    for (uint32_t c = own.channels; c; c--, to += own.channel, x += own.map) {
        if (own.stride == 1) {
            hfn_rows_whole((void *)to, (const void *)x, &own);
        } else {
            hfn_rows_halves((void *)to, (const void *)x, &own);
        }
    }
}

void hfn_rows_clear(uint32_t *to, const struct hfn_rows *rows) {
    for (uint32_t c = rows->channels; c; c--, to += rows->channel) {
        for (uint32_t i = 0; i < rows->words; i++) {
            to[i] = to[i + rows->column] = to[i + 2 * rows->column] = rows->zero;
        }
    }
}

#endif
