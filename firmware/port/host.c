/* The port of the host: files are stdio's. */
#include "port.h"

#include <stdio.h>
#include <stdlib.h>

static FILE *files[4];

int port_open(const char *name, enum port_mode mode) {
    int slot = 0;
    while (slot < 3 && files[slot]) {
        slot++;
    }
    files[slot] = fopen(name, mode == PORT_READ ? "rb" : "wb");
    if (!files[slot]) {
        perror(name);
        exit(3);
    }
    return slot;
}

size_t port_read(int file, void *to, size_t size) {
    return fread(to, 1, size, files[file]);
}

void port_write(int file, const void *from, size_t size) {
    if (fwrite(from, 1, size, files[file]) != size) {
        perror("write");
        exit(3);
    }
}

void port_close(int file) {
    if (fclose(files[file])) {
        perror("close");
        exit(3);
    }
    files[file] = NULL;
}

void port_print(const char *text) {
    fputs(text, stdout);
}

void port_exit(int status) {
    exit(status);
}

void port_stack_paint(void) {
}

size_t port_stack_used(void) {
    return 0;
}
