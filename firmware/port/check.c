/* Checks every graph of in.bin; out.bin receives a byte for each, its status. */
#include "model.h"
#include "port.h"

static MODEL_ARENA(arena);

int main(void) {
    int in = port_open("in.bin", PORT_READ), out = port_open("out.bin", PORT_WRITE);
    while (port_read(in, MODEL_INPUT(arena), MODEL_INPUT_SIZE) == MODEL_INPUT_SIZE) {
        const unsigned char status = (unsigned char)model_check_graph(arena);
        port_write(out, &status, 1);
    }
    port_close(out);
    port_close(in);
    return 0;
}
