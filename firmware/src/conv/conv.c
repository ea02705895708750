#include "conv.h"

HFN_COLD struct hfn_planes hfn_planes(const struct hfn_conv *node) {
    struct hfn_planes planes;
    planes.pitch = (node->columns + 3u) & ~3u;
    planes.phases = node->stride < node->kernel ? node->stride : node->kernel;
    planes.reach = 0;
    for (uint32_t row = node->kernel; row > node->stride; row -= node->stride) {
        planes.reach++;
    }
    planes.size = (node->band + planes.reach) * planes.pitch;
    planes.span = hfn_whole(node->rows, node->x, (uint32_t)node->height * node->width, node->y,
                            (uint32_t)node->rows * node->columns);
    planes.span.residual = node->residual;
    planes.height = node->height;
    return planes;
}

HFN_COLD struct hfn_planes hfn_planes_of_rows(const struct hfn_conv *node, const struct hfn_ticks *ticks,
                                              uint32_t tick) {
    struct hfn_planes planes = hfn_planes(node);
    planes.span = hfn_span(ticks, tick);
    const uint32_t needed = planes.span.end * node->stride + node->kernel - node->stride - node->padding;
    planes.height = needed < planes.height ? needed : planes.height;
    return planes;
}

HFN_COLD void hfn_taps(struct hfn_taps *taps, const struct hfn_conv *node, const struct hfn_planes *planes) {
    const uint32_t channel = planes->phases * planes->size, column = node->inputs * channel;
    const uint32_t each = (uint32_t)node->kernel * node->kernel;
    uint32_t i = 0;
    for (uint32_t a = 0, phase = 0, row = 0; a < node->kernel; a++) {
        for (uint32_t b = 0; b < node->kernel; b++) {
            taps->offset[i++] = (uint16_t)(b * column + phase * planes->size + row);
        }
        if (++phase == node->stride) {
            phase = 0;
            row += planes->pitch;
        }
    }
    taps->period = 0;
    taps->step = 0;
    while (taps->period < 32) {
        taps->period += each;
        taps->step += channel;
    }
    for (; i < taps->period + 31; i++) { /* entries of channels the input does not have may wrap: they are not used */
        taps->offset[i] = (uint16_t)(taps->offset[i - each] + channel);
    }
}

HFN_COLD void hfn_channel_open(struct hfn_channel *channel, const void *model, const struct hfn_conv *node,
                               const struct hfn_planes *planes, uint32_t *arena, uint32_t first, uint32_t output) {
    const struct hfn_span *span = &planes->span;
    const uint32_t left = span->end - first, rows = left < node->band ? left : node->band;
    const uint32_t at = first * node->columns;
    channel->planes = hfn_in_arena(arena, node->planes);
    channel->has_sign = node->flags & HFN_SIGNED;
    channel->start = 0;
#if HFN_ISA == HFN_ISA_DSP
    channel->own[1] = 0;
#endif
    channel->scale = hfn_scale(model, &node->requantise, output);
    channel->pixels = rows * planes->pitch;
    channel->y = hfn_in_arena(arena, span->y + output * span->y_map + at);
    channel->residual = node->requantise.residual_multiplier
                            ? hfn_in_arena(arena, span->residual + output * span->residual_map + at)
                            : NULL;
    channel->column = 0;
    channel->gap = planes->pitch - node->columns;
    channel->columns = channel->gap ? node->columns : channel->pixels; /* without a gap the band is one long row */
}
