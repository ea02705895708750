/* Runs the model on every image of in.bin. out.bin receives the outputs (of every node in a traced build), then four
 * bytes: the deepest stack of the runs, little endian. Any other ending has a message and a status that is not 0. */
#include "model.h"
#include "port.h"

static MODEL_ARENA(arena);
static int out;

#ifdef PORT_TRACE
void harness_trace(const void *tensor, size_t size) {
    port_write(out, tensor, size);
}
#endif

int main(void) {
    int in = port_open("in.bin", PORT_READ);
    out = port_open("out.bin", PORT_WRITE);
    size_t deepest = 0;
    while (port_read(in, MODEL_INPUT(arena), MODEL_INPUT_SIZE) == MODEL_INPUT_SIZE) {
        port_stack_paint();
        PORT_MARK();
        model_run(arena);
        PORT_MARK();
        size_t used = port_stack_used();
        deepest = used > deepest ? used : deepest;
#ifndef PORT_TRACE
        port_write(out, MODEL_OUTPUT(arena), MODEL_OUTPUT_SIZE);
#endif
    }
    unsigned char trailer[4];
    for (int i = 0; i < 4; i++) {
        trailer[i] = (unsigned char)(deepest >> (8 * i) & 0xFF);
    }
    port_write(out, trailer, sizeof trailer);
    port_close(out);
    port_close(in);
    return 0;
}
