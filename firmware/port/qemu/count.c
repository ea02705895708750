/* QEMU plugin: counts the instructions executed and writes the count to a file, one line each, whenever a marker of
 * mark.h is reached. Markers are not counted, so the difference of two lines is exactly what was executed between them.
 *
 * Arguments: log=FILE to write, marks=FILE with the address of each marker in hex, a line each. The prototypes are
 * QEMU's, declared here because distributions ship no header; all are the same in every version of the plugin interface
 * (QEMU 4.2 to 10). */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*translated)(uint64_t id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
                                            void (*executed)(unsigned cpu, void *data), int flags, void *data);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*done)(uint64_t id, void *data), void *data);
int qemu_plugin_n_vcpus(void)
    __attribute__((weak)); /* gone since version 2 of the interface, with which QEMU 9 begins */

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(uint64_t id, const void *machine, int argc, char **argv);

enum { NO_REGISTERS = 0, MARKS = 4096 };

static uint64_t marks[MARKS], count;
static size_t marked;
static FILE *out;

__attribute__((constructor)) static void choose_version(void) {
    if (!qemu_plugin_n_vcpus) {
        qemu_plugin_version = 2;
    }
}

static void executed(unsigned cpu, void *data) {
    (void)cpu, (void)data;
    count++;
}

static void reached(unsigned cpu, void *data) {
    (void)cpu, (void)data;
    fprintf(out, "%" PRIu64 "\n", count);
}

static int is_mark(uint64_t address) {
    for (size_t i = 0; i < marked; i++) {
        if (marks[i] == address) {
            return 1;
        }
    }
    return 0;
}

static void translated(uint64_t id, struct qemu_plugin_tb *block) {
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        int mark = is_mark(qemu_plugin_insn_vaddr(instruction));
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, mark ? reached : executed, NO_REGISTERS, NULL);
    }
}

static void done(uint64_t id, void *data) {
    (void)id, (void)data;
    fclose(out);
}

static int read_marks(const char *name) {
    FILE *file = fopen(name, "r");
    if (!file) {
        return 0;
    }
    while (marked < MARKS && fscanf(file, "%" SCNx64, &marks[marked]) == 1) {
        marked++;
    }
    int whole = feof(file);
    fclose(file);
    return whole;
}

int qemu_plugin_install(uint64_t id, const void *machine, int argc, char **argv) {
    (void)machine;
    int ready = argc == 2 && strncmp(argv[0], "log=", 4) == 0 && strncmp(argv[1], "marks=", 6) == 0;
    out = ready ? fopen(argv[0] + 4, "w") : NULL;
    if (!out || !read_marks(argv[1] + 6)) {
        fputs("count: the arguments are log=FILE, to write, and marks=FILE, at most 4096 addresses\n", stderr);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, done, NULL);
    return 0;
}
