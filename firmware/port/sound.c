/* Runs a model for sound on every clip of MODEL_CLIP samples of in.bin. out.bin receives its rows and the outputs, then
 * the four bytes that harness.c writes: the deepest stack. A counted build has a mark before and after each row. */
#include "model.h"
#include "port.h"

#if defined(__ELF__)
#define COUNTED __attribute__((__section__(".bss.arena"))) /* as the arena: RAM of the model, not of the harness */
#else
#define COUNTED
#endif

static MODEL_ARENA(arena) COUNTED;
static MODEL_SOUND(sound) COUNTED;
static int16_t samples[MODEL_CLIP];
static const uint8_t thresholds[MODEL_OUTPUT_SIZE];

int main(void) {
    const int in = port_open("in.bin", PORT_READ), out = port_open("out.bin", PORT_WRITE);
    size_t deepest = 0;
    while (port_read(in, samples, sizeof samples) == sizeof samples) {
        port_stack_paint();
        model_sound_start(sound);
        uint32_t next = MODEL_CLIP % MODEL_HOP; /* so that the last part completes a row, as each from then on */
        (void)model_feed(sound, samples, next);
        while (next != MODEL_CLIP) {
            PORT_MARK();
            (void)model_feed(sound, samples + next, MODEL_HOP);
            PORT_MARK();
            next += MODEL_HOP;
        }
        model_window(sound, arena);
        port_write(out, MODEL_INPUT(arena), MODEL_INPUT_SIZE);
        (void)model_listen(sound, arena, thresholds);
        const size_t used = port_stack_used();
        deepest = used > deepest ? used : deepest;
        port_write(out, MODEL_OUTPUT(arena), MODEL_OUTPUT_SIZE);
    }
    port_write_size(out, deepest);
    port_close(out);
    port_close(in);
    return 0;
}
