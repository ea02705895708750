/* In place of a generated header: what the programs of firmware/port need of one, for `make analyse`. */
#ifndef MODEL_H
#define MODEL_H

#include <stdint.h>

#define MODEL_ARENA(arena) uint32_t arena[16]
#define MODEL_INPUT(arena) ((uint8_t *)(arena))
#define MODEL_INPUT_SIZE 32
#define MODEL_OUTPUT(arena) ((const int8_t *)(arena) + 32)
#define MODEL_OUTPUT_SIZE 8
#define MODEL_GRAPH_NODES_MOST 4

enum { MODEL_GRAPH_OK };

void model_run(uint32_t *arena);
int model_check_graph(uint32_t *arena);
int model_selftest(uint32_t *arena);

#endif
