#include "copy.h"
#include "depthwise.h"
#include "fill.h"

HFN_COLD void hfn_frame_open(struct hfn_frame *frame, const struct hfn_depthwise *node, uint32_t *arena) {
    frame->taps = (uint32_t)node->kernel[0] * node->kernel[1];
    frame->weights = hfn_in_arena(arena, node->scratch);
    frame->bytes = hfn_in_arena(arena, node->scratch + ((frame->taps + 3) & ~3u));
    frame->rows = (node->rows - 1u) * node->stride[0] + (node->kernel[0] - 1u) * node->dilation[0] + 1;
    uint32_t i = 0;
    for (uint32_t a = 0, row = 0; a < node->kernel[0]; a++, row += (uint32_t)node->dilation[0] * node->pitch) {
        for (uint32_t b = 0; b < node->kernel[1]; b++) {
            frame->offset[i++] = row + b * node->dilation[1];
        }
    }
    uint32_t *words = (void *)frame->bytes;
    hfn_fill(words, words + node->size / 4, 0);
}

HFN_COLD void hfn_frame_run(const struct hfn_frame *frame, const void *model, const struct hfn_depthwise *node,
                            uint32_t *arena, uint32_t channel, const int8_t *weights) {
    const uint32_t room = node->pitch - (uint32_t)node->padding[1], columns = node->width < room ? node->width : room;
    const uint32_t last = frame->rows - node->padding[0], rows = node->height < last ? node->height : last;
    const uint32_t each = (uint32_t)node->rows * node->columns;
    const uint8_t *x = hfn_in_arena(arena, node->x + channel * node->height * node->width);
    uint8_t *to = frame->bytes + (uint32_t)node->padding[0] * node->pitch + node->padding[1];
    for (uint32_t row = 0; row < rows; row++, x += node->width, to += node->pitch) {
        hfn_copy(to, x, columns, 0);
    }
    struct hfn_lattice lattice;
    lattice.node = node;
    lattice.frame = frame;
    lattice.weights = weights;
    lattice.scale = hfn_scale(model, &node->requantise, channel);
    lattice.y = hfn_in_arena(arena, node->y + channel * each);
    lattice.residual =
        node->requantise.residual_multiplier ? hfn_in_arena(arena, node->residual + channel * each) : lattice.y;
    hfn_lattice_sum(&lattice);
}
