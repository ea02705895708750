#include "arena.h"
#include "runs.h"

HFN_COLD void hfn_slide(const struct hfn_window *window, uint32_t tick, uint32_t *arena) {
    uint32_t *to = hfn_in_arena(arena, window->at);
    const uint32_t *from = to + window->slide / 4, *const end = to + (window->size + 3) / 4;
    const uint32_t shift = 8 * (window->slide % 4u);
    if (from == end || ((tick + 1) & ((1u << window->shift) - 1))) { /* nothing stays, or it does not slide now */
        return;
    }
#if !HFN_SMALL
    if (shift == 0) {
        hfn_run_copy(to, to + (end - from), from, 0);
        return;
    }
#endif
    uint32_t low = *from++;
    while (from != end) { /* each word is made of two */
        const uint32_t high = *from++;
        *to++ = low >> shift | (high << 1) << (31 - shift);
        low = high;
    }
    *to = low >> shift;
}
