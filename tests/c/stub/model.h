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
#define MODEL_SOUND(sound) uint32_t sound[16]
#define MODEL_HOP 4
#define MODEL_CLIP 18

enum { MODEL_GRAPH_OK };

void model_run(uint32_t *arena);
int model_check_graph(uint32_t *arena);
int model_selftest(uint32_t *arena);
void model_sound_start(uint32_t *sound);
uint32_t model_feed(uint32_t *sound, const int16_t *samples, uint32_t count);
void model_window(const uint32_t *sound, uint32_t *arena);
int model_listen(uint32_t *sound, uint32_t *arena, const uint8_t *thresholds);

#endif
