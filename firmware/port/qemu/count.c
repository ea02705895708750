/* QEMU plugin (API version 1, QEMU 4.2 and later): counts the instructions executed, and writes the count to the file
 * of its argument log=FILE, one line each, whenever the marker of mark.h is executed. Markers are not counted, so a
 * difference of two lines is exactly what was executed between them. The prototypes are QEMU's, declared here because
 * distributions ship no header. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*translated)(uint64_t id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
                                            void (*executed)(unsigned cpu, void *data), int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *instruction, int operation, void *counter,
                                                uint64_t addend);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*done)(uint64_t id, void *data), void *data);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(uint64_t id, const void *machine, int argc, char **argv);

enum { NO_REGISTERS = 0, ADD_U64 = 0 };

static const uint8_t marker[2] = {0xD2, 0x46}; /* mov r10, r10 */

static FILE *out;
static uint64_t count;

static void marked(unsigned cpu, void *data) {
    (void)cpu, (void)data;
    fprintf(out, "%" PRIu64 "\n", count);
}

static void translated(uint64_t id, struct qemu_plugin_tb *block) {
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        /* At the end of a page QEMU counts the next halfword to an instruction's data, so its size tells nothing. */
        int is_marker = memcmp(qemu_plugin_insn_data(instruction), marker, sizeof marker) == 0;
        if (is_marker) {
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, marked, NO_REGISTERS, NULL);
        } else {
            qemu_plugin_register_vcpu_insn_exec_inline(instruction, ADD_U64, &count, 1);
        }
    }
}

static void done(uint64_t id, void *data) {
    (void)id, (void)data;
    fclose(out);
}

int qemu_plugin_install(uint64_t id, const void *machine, int argc, char **argv) {
    (void)machine;
    out = argc == 1 && strncmp(argv[0], "log=", 4) == 0 ? fopen(argv[0] + 4, "w") : NULL;
    if (!out) {
        fputs("count: the one argument is log=FILE, a file to write\n", stderr);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, done, NULL);
    return 0;
}
