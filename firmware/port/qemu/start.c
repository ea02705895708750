/* From reset to main, faults, and how much of the stack was used, on every board. Needs no library, so whatever library
 * code an image holds is the runtime's. */
#include "start.h"

#include "../port.h"

/* From sections.ld. */
extern uint32_t port_data_load[], port_data_start[], port_data_end[], port_bss_start[], port_bss_end[];

int main(void);

uint32_t *port_painted_from, *port_painted_to; /* which stack_*.S set */

void port_start(void) {
    const volatile uint32_t *from = port_data_load; /* volatile: else these loops become memcpy and memset */
    for (volatile uint32_t *to = port_data_start; to != port_data_end; to++) {
        *to = *from++;
    }
    for (volatile uint32_t *to = port_bss_start; to != port_bss_end; to++) {
        *to = 0;
    }
    port_exit(main());
}

void port_fault(uint32_t at, uint32_t called_from) {
    static char text[] = "fault at pc ........, called from ........\n";
    const uint32_t shown[2] = {at, called_from};
    char *const digits[2] = {text + 12, text + 34};
    for (int n = 0; n < 2; n++) {
        for (int i = 0; i < 8; i++) {
            digits[n][i] = "0123456789abcdef"[shown[n] >> (28 - 4 * i) & 15];
        }
    }
    port_print(text);
    port_exit(4);
}

/* From the first word that has been written, counted from the lowest one painted. */
size_t port_stack_written(const uint32_t *from) {
    if (from == port_painted_from) {
        port_print("the model used more stack than the harness painted or the board has\n");
        port_exit(5);
    }
    return (size_t)(port_painted_to - from) * sizeof *from;
}
