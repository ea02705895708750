#include "channel.h"

void hfn_plane_open(struct hfn_channel *channel, const void *model, const struct hfn_plane *plane, uint32_t *arena,
                    uint32_t output) {
    const int8_t *residual = hfn_in_arena(arena, plane->residual);
    int8_t *y = hfn_in_arena(arena, plane->y);
    channel->scale = hfn_scale(model, plane->requantise, output);
    channel->y = y + output * plane->size;
    channel->residual = plane->requantise->residual_multiplier ? residual + output * plane->size : NULL;
    channel->column = 0;
    channel->columns = plane->size;
    channel->gap = 0;
}
