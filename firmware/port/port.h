/* What the harness asks of the machine below it: a QEMU board (qemu/) or the host (host.c). */
#ifndef EDGEHFN_PORT_H
#define EDGEHFN_PORT_H

#include <stddef.h>

enum port_mode { PORT_READ, PORT_WRITE };

/* Opens a file of the host's working directory. Ends the program with a message when that fails, so the caller checks
 * nothing. */
int port_open(const char *name, enum port_mode mode);

/* Bytes read: fewer than size only at the end of the file. */
size_t port_read(int file, void *to, size_t size);

void port_write(int file, const void *from, size_t size);

/* Writes out what is still buffered. */
void port_close(int file);

void port_print(const char *text);

__attribute__((noreturn)) void port_exit(int status);

/* Paints the free stack below the caller, then returns how far down it was written since: bytes below the caller's own
 * frame. A call deeper than what was painted ends the program with a message. The host returns 0. */
void port_stack_paint(void);
size_t port_stack_used(void);

/* Four bytes, little endian: how an output file ends, with the deepest stack. */
static inline void port_write_size(int file, size_t size) {
    unsigned char bytes[4];
    for (int i = 0; i < 4; i++) {
        bytes[i] = (unsigned char)(size >> (8 * i) & 0xFF);
    }
    port_write(file, bytes, sizeof bytes);
}

#endif
