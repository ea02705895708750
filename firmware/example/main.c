/* A whole application: `edgehfn compile kws.hfn --name kws` made kws.h and kws.c. */
#include "kws.h"

void read_sensor(uint8_t *input);  /* fills KWS_INPUT_SIZE bytes */
void act_on(const int8_t *scores); /* KWS_OUTPUT_SIZE scores; the largest is the class */

static KWS_ARENA(arena);

int main(void) {
    for (;;) {
        read_sensor(KWS_INPUT(arena));
        kws_run(arena);
        act_on(KWS_OUTPUT(arena));
    }
}
