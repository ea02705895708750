/* A camera whose rows are never a whole image: `edgehfn compile kws.hfn --rows --name kws` made kws.h and kws.c. */
#include "kws.h"

const uint8_t *read_row(void);     /* KWS_ROW_SIZE bytes of the camera's line buffer, from the image's first row on */
void act_on(const int8_t *scores); /* KWS_OUTPUT_SIZE scores; the largest is the class */

static KWS_ARENA(arena);

int main(void) {
    for (;;) {
        kws_start(arena);
        while (!kws_feed(arena, read_row())) {
        }
        act_on(KWS_OUTPUT(arena));
    }
}
