/* Runs the model on every image, or graph, of in.bin; once where nothing is read. An image that is fed comes from it
 * row by row. out.bin receives the outputs (of every node in a traced build), then four bytes: the deepest stack of the
 * runs, little endian. Any other ending has a message and a status that is not 0. */
#include "model.h"
#include "port.h"

#ifdef PORT_TRACE
#include "edgehfn.h"
#endif

static MODEL_ARENA(arena);
static int out;

#ifdef PORT_TRACE
void harness_trace(const void *tensor, size_t size) {
    port_write(out, tensor, size);
}

void harness_trace_rows(const void *ticks, uint32_t tick, const uint32_t *memory) {
    const struct hfn_ticks *rows = ticks;
    const struct hfn_span span = hfn_span(rows, tick);
    const uint32_t size = (span.end - span.first) * rows->columns;
    for (uint32_t c = 0; c < rows->channels && size; c++) {
        const uint32_t at = span.y + c * span.y_map + span.first * rows->columns;
        port_write(out, (const uint8_t *)memory + at, size);
    }
}
#endif

#if defined(MODEL_ROW_SIZE)
static uint8_t row[MODEL_ROW_SIZE] __attribute__((__aligned__(2))); /* samples may be of 16 bits */

static int next(int in) {
    return port_read(in, row, MODEL_ROW_SIZE) == MODEL_ROW_SIZE;
}

/* 1 if there is an output. */
static int run(void) {
    static int complete = 1;
    if (complete) {
        model_start(arena);
    }
    complete = model_feed(arena, (const void *)row);
    return complete;
}
#else
#if defined(MODEL_INPUT_SIZE)
static int next(int in) {
    return port_read(in, MODEL_INPUT(arena), MODEL_INPUT_SIZE) == MODEL_INPUT_SIZE;
}
#else
static int next(int in) {
    static int runs;
    (void)in;
    return runs++ == 0;
}
#endif

static int run(void) {
#if defined(MODEL_GRAPH_NODES_MOST)
    if (model_check_graph(arena) != MODEL_GRAPH_OK) {
        port_print("a graph is not legal\n");
        port_exit(4);
    }
#endif
    model_run(arena);
    return 1;
}
#endif

int main(void) {
    int in = port_open("in.bin", PORT_READ);
    out = port_open("out.bin", PORT_WRITE);
    size_t deepest = 0;
    while (next(in)) {
        port_stack_paint();
        PORT_MARK();
        const int complete = run();
        PORT_MARK();
        size_t used = port_stack_used();
        deepest = used > deepest ? used : deepest;
#ifdef PORT_TRACE
        (void)complete;
#else
        if (complete) {
            port_write(out, MODEL_OUTPUT(arena), MODEL_OUTPUT_SIZE);
        }
#endif
    }
    port_write_size(out, deepest);
    port_close(out);
    port_close(in);
    return 0;
}
