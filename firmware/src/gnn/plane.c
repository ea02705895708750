#include "plane.h"

HFN_COLD void hfn_plane_open(struct hfn_plane_row *row, const void *model, const struct hfn_plane *plane,
                             uint32_t *arena, uint32_t output) {
    const uint32_t at = output * plane->slots;
    row->scale = hfn_scale(model, plane->requantise, output);
    row->y = hfn_in_arena(arena, plane->y + at);
    row->residual = row->scale.residual ? hfn_in_arena(arena, plane->residual + at) : NULL;
}

#if HFN_SMALL

void hfn_plane_write(struct hfn_plane_row *row, const int32_t *sums, uint32_t stride, uint32_t count) {
    for (; count; count--, sums += stride) {
        const int32_t residual = row->residual ? *row->residual++ : 0; /* may be the output's place */
        *row->y++ = hfn_rounded(&row->scale, *sums, residual);
    }
}

#endif

void hfn_plane_store(struct hfn_plane_row *row, const int32_t *sums, uint32_t count) {
    hfn_plane_write(row, sums, 1, count);
}
