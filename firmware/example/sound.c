/* A microphone that is listened to all the time: `edgehfn compile words.hfn --name words` made words.h and words.c. */
#include "words.h"

const int16_t *read_microphone(void); /* WORDS_HOP samples, at WORDS_RATE a second */
void act_on(int word);                /* of the names in WORDS_CLASSES */

enum { EVERY = 4 }; /* rows from a run of the net to the next */

static WORDS_ARENA(arena);
static WORDS_SOUND(sound);

/* By how many steps of the output a word must exceed all others, on the average. */
static const uint8_t thresholds[WORDS_OUTPUT_SIZE] = {25, 25, 25, 25, 25, 25, 25, 25, 25, 25};

int main(void) {
    uint32_t rows = 0;
    words_sound_start(sound);
    for (;;) {
        rows += words_feed(sound, read_microphone(), WORDS_HOP);
        if (rows >= EVERY) {
            rows = 0;
            const int word = words_listen(sound, arena, thresholds);
            if (word >= 0) {
                act_on(word);
            }
        }
    }
}
