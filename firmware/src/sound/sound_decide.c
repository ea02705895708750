#include "sound.h"

/* SPEC section 10.1. Sums stay below 16 · 128. All is arithmetic: what is heard takes the time of what is not. */
int hfn_sound_decide(const struct hfn_sound *sound, uint32_t *state, const int8_t *outputs, const uint8_t *thresholds) {
    const uint32_t classes = sound->classes, average = sound->average;
    int8_t *runs = (int8_t *)state + hfn_rows_at(sound) + (uint32_t)sound->rows * sound->bands;
    int8_t *now = runs + state[HFN_TURN] * classes;
    int32_t first = -(1 << 15), second = first, best = 0;
    for (uint32_t c = 0; c < classes; c++) {
        int32_t sum = 0;
        now[c] = outputs[c];
        for (uint32_t run = 0; run < average; run++) {
            sum += runs[run * classes + c];
        }
        const int32_t more = hfn_sign(first - sum);   /* ones if it is the largest so far */
        const int32_t above = hfn_sign(second - sum); /* or the second largest */
        second = (first & more) | (((sum & above) | (second & ~above)) & ~more);
        first = (sum & more) | (first & ~more);
        best = ((int32_t)c & more) | (best & ~more);
    }
    state[HFN_TURN] = state[HFN_TURN] + 1 == average ? 0 : state[HFN_TURN] + 1;
    const uint32_t heard = state[HFN_HEARD] + 1; /* at most average */
    const int32_t few = hfn_sign((int32_t)heard - (int32_t)average);
    const int32_t none = few | hfn_sign(first - second - (int32_t)average * thresholds[best]);
    state[HFN_HEARD] = (heard - (uint32_t)(~few & 1)) & (uint32_t)none;
    return (int)(best | none);
}
