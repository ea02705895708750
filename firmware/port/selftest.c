/* The model's golden inference on this machine: PASS, or FAIL and status 1. */
#include "model.h"
#include "port.h"

static MODEL_ARENA(arena);

int main(void) {
    int bad = model_selftest(arena);
    port_print(bad ? "FAIL\n" : "PASS\n");
    return bad ? 1 : 0;
}
