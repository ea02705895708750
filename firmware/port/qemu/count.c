/* QEMU plugin: counts the instructions executed, or the cycles that they would take, and writes the count to a file,
 * one line each, whenever a marker of mark.h is reached. Markers are not counted, so the difference of two lines is
 * exactly what was executed between them.
 *
 * Arguments: log=FILE to write, marks=FILE with the address of each marker in hex, a line each. For cycles also
 * costs=FILE: "waits lines bytes" of a memory for code and its cache, then "address cycles taken" for each instruction,
 * by rising addresses in hex: what it takes, and what more if another than the next instruction follows. The prototypes
 * are QEMU's, declared here because distributions ship no header; all are the same in every version of the plugin
 * interface (QEMU 4.2 to 10). */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*translated)(uint64_t id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
                                            void (*executed)(unsigned cpu, void *data), int flags, void *data);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*done)(uint64_t id, void *data), void *data);
int qemu_plugin_n_vcpus(void)
    __attribute__((weak)); /* gone since version 2 of the interface, with which QEMU 9 begins */

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(uint64_t id, const void *machine, int argc, char **argv);

enum { NO_REGISTERS = 0, MARKS = 4096, COSTS = 1 << 18, LINES = 4096 };

struct cost {
    uint64_t address, end;
    unsigned cycles, taken;
};

static uint64_t marks[MARKS], count;
static size_t marked;
static FILE *out;

static struct cost costs[COSTS];
static size_t costed;
static const struct cost *last; /* executed */

/* The lines of code that the cache holds, and when each was used: the oldest gives way. */
static unsigned waits, lines, bytes;
static uint64_t held[LINES], used[LINES], now, current = UINT64_MAX;

__attribute__((constructor)) static void choose_version(void) {
    if (!qemu_plugin_n_vcpus) {
        qemu_plugin_version = 2;
    }
}

static void executed(unsigned cpu, void *data) {
    (void)cpu, (void)data;
    count++;
}

static void fetched(uint64_t line) {
    size_t oldest = 0;
    if (line == current) {
        return;
    }
    current = line;
    now++;
    for (size_t i = 0; i < lines; i++) {
        if (used[i] && held[i] == line) {
            used[i] = now;
            return;
        }
        oldest = used[i] < used[oldest] ? i : oldest;
    }
    held[oldest] = line;
    used[oldest] = now;
    count += waits;
}

static void spent(unsigned cpu, void *data) {
    const struct cost *cost = data;
    (void)cpu;
    if (last && last->end != cost->address) {
        count += last->taken;
    }
    last = cost;
    count += cost->cycles;
    if (waits) {
        fetched(cost->address / bytes);
        fetched((cost->end - 1) / bytes);
    }
}

static void reached(unsigned cpu, void *data) {
    struct cost *mark = data;
    (void)cpu;
    if (mark && last) { /* a branch to a marker is one to what follows */
        count += last->end != mark->address ? last->taken : 0;
        last = mark;
    }
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

static int compare(const void *left, const void *right) {
    const struct cost *a = left, *b = right;
    return (a->address > b->address) - (a->address < b->address);
}

/* What an instruction costs; one that has no cost would make the count wrong, so it ends the run. */
static struct cost *cost_of(const struct qemu_plugin_insn *instruction) {
    struct cost wanted = {qemu_plugin_insn_vaddr(instruction), 0, 0, 0};
    struct cost *found = bsearch(&wanted, costs, costed, sizeof *costs, compare);
    if (!found) {
        fprintf(stderr, "count: no cost of the instruction at %" PRIx64 "\n", wanted.address);
        exit(1);
    }
    found->end = found->address + qemu_plugin_insn_size(instruction);
    return found;
}

static void translated(uint64_t id, struct qemu_plugin_tb *block) {
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        struct cost *cost = costed ? cost_of(instruction) : NULL;
        void (*callback)(unsigned cpu, void *data) = cost ? spent : executed;
        if (is_mark(qemu_plugin_insn_vaddr(instruction))) {
            callback = reached;
        }
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, callback, NO_REGISTERS, cost);
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

static int read_costs(const char *name) {
    FILE *file = fopen(name, "r");
    if (!file) {
        return 0;
    }
    int whole = fscanf(file, "%u %u %u", &waits, &lines, &bytes) == 3 && lines > 0 && lines <= LINES && bytes > 0;
    struct cost *cost = costs;
    while (whole && cost < costs + COSTS &&
           fscanf(file, "%" SCNx64 " %u %u", &cost->address, &cost->cycles, &cost->taken) == 3) {
        cost++;
    }
    costed = (size_t)(cost - costs);
    whole = whole && feof(file) && costed > 0;
    fclose(file);
    return whole;
}

int qemu_plugin_install(uint64_t id, const void *machine, int argc, char **argv) {
    (void)machine;
    int ready = argc >= 2 && strncmp(argv[0], "log=", 4) == 0 && strncmp(argv[1], "marks=", 6) == 0;
    ready = ready && (argc == 2 || (argc == 3 && strncmp(argv[2], "costs=", 6) == 0));
    out = ready ? fopen(argv[0] + 4, "w") : NULL;
    if (!out || !read_marks(argv[1] + 6) || (argc == 3 && !read_costs(argv[2] + 6))) {
        fputs("count: the arguments are log=FILE, to write, marks=FILE, at most 4096 addresses, and costs=FILE\n",
              stderr);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, done, NULL);
    return 0;
}
