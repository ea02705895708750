#include "conv.h"
#include "fill.h"
#include "plane_column.h"

#if HFN_SMALL

/* Rows beyond those of the last band, and columns beyond the output, hold inputs or zeros too. */
void hfn_planes_fill(const struct hfn_conv *node, const struct hfn_planes *planes, uint32_t *arena, uint32_t first) {
    const uint32_t zero = node->flags & HFN_SIGNED ? 0x80808080u : 0;
    const uint32_t count = node->inputs * node->kernel * planes->phases;
    uint32_t *all = hfn_in_arena(arena, node->planes);
    uint8_t *to = (uint8_t *)all;
    hfn_fill(all, all + count * (planes->size / 4) + HFN_SLACK / 4, zero);
    for (uint32_t b = 0; b < node->kernel; b++) {
        to = hfn_plane_column(node, planes, arena, first, node->stride, b - node->padding, to, zero);
    }
}

#endif
