/* The model's golden inference on this machine: PASS, or FAIL and status 1. */
#include "model.h"
#include "port.h"

static MODEL_ARENA(arena);

int main(void) {
#if defined(MODEL_ROW_SIZE)
    static uint8_t row[MODEL_ROW_SIZE] __attribute__((__aligned__(2)));
    int bad = model_selftest(arena, (void *)row);
#else
    int bad = model_selftest(arena);
#endif
    port_print(bad ? "FAIL\n" : "PASS\n");
    return bad ? 1 : 0;
}
