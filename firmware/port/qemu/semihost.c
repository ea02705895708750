/* Files, text and the exit status by semihosting, which trap.c of QEMU, or a probe, carries out. */
#include "semihost.h"

#include "../port.h"

enum { OPEN = 0x01, CLOSE = 0x02, PRINT = 0x04, WRITE = 0x05, READ = 0x06, EXIT = 0x20 };
enum { OPEN_RB = 1, OPEN_WB = 5 };

static struct {
    size_t size;
    uint8_t bytes[512];
} pending; /* of the one file that is written */

void port_print(const char *text) {
    port_semihost(PRINT, text);
}

void port_exit(int status) {
    const uintptr_t block[2] = {0x20026, (uintptr_t)status}; /* reason: application exit */
    port_semihost(EXIT, block);
    for (;;) {
    }
}

__attribute__((noreturn)) static void die(const char *what) {
    port_print(what);
    port_exit(3);
}

int port_open(const char *name, enum port_mode mode) {
    const volatile char *end = name; /* volatile: else this loop becomes a call of strlen */
    while (*end) {
        end++;
    }
    size_t length = (size_t)(end - name);
    const uintptr_t block[3] = {(uintptr_t)name, mode == PORT_READ ? OPEN_RB : OPEN_WB, length};
    intptr_t file = port_semihost(OPEN, block);
    if (file < 0) {
        die("cannot open a file of the working directory\n");
    }
    return (int)file;
}

size_t port_read(int file, void *to, size_t size) {
    const uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)to, size};
    intptr_t missing = port_semihost(READ, block);
    if (missing < 0) {
        die("cannot read\n");
    }
    return size - (size_t)missing;
}

static void write_now(int file, const void *from, size_t size) {
    const uintptr_t block[3] = {(uintptr_t)file, (uintptr_t)from, size};
    if (size && port_semihost(WRITE, block) != 0) {
        die("cannot write\n");
    }
}

static void flush(int file) {
    write_now(file, pending.bytes, pending.size);
    pending.size = 0;
}

void port_write(int file, const void *from, size_t size) {
    if (size > sizeof pending.bytes - pending.size) {
        flush(file);
    }
    if (size > sizeof pending.bytes) {
        write_now(file, from, size);
        return;
    }
    const uint8_t *bytes = from;
    for (size_t i = 0; i < size; i++) {
        pending.bytes[pending.size++] = bytes[i];
    }
}

void port_close(int file) {
    flush(file);
    const uintptr_t block[1] = {(uintptr_t)file};
    port_semihost(CLOSE, block);
}
