#include "rect.h"

#include "conv_far.h"
#include "fill.h"
#include "plane_column.h"

HFN_COLD struct hfn_planes hfn_rect_planes(const struct hfn_rect *node, const struct hfn_ticks *ticks, uint32_t tick) {
    const struct hfn_conv *conv = &node->conv;
    const uint32_t spans = (conv->kernel - 1u) * node->dilation[0] + 1;
    struct hfn_planes planes = hfn_planes(conv);
    planes.phases = conv->stride < spans ? conv->stride : spans;
    planes.reach = 0;
    for (uint32_t row = spans; row > conv->stride; row -= conv->stride) {
        planes.reach++;
    }
    planes.size = (conv->band + planes.reach) * planes.pitch;
    if (ticks) {
        planes.span = hfn_span(ticks, tick);
        const uint32_t needed = planes.span.end * conv->stride + spans - conv->stride - conv->padding;
        planes.height = needed < planes.height ? needed : planes.height;
    }
    return planes;
}

enum { HFN_RECT_PERIOD = HFN_TAPS - 31 }; /* weights, at most */

/* Sets all of taps but the first channel's, which has each of them, and which channel bytes of planes follow. */
static void hfn_rect_repeat(struct hfn_taps *taps, uint32_t each, uint32_t channel) {
    taps->period = each;
    taps->step = channel;
    while (taps->period < 32 && taps->period + each <= HFN_RECT_PERIOD) {
        taps->period += each;
        taps->step += channel;
    }
    for (uint32_t i = each; i < taps->period + 31; i++) { /* entries of channels that are not there may wrap */
        taps->offset[i] = (uint16_t)(taps->offset[i - each] + channel);
    }
}

HFN_COLD void hfn_rect_taps(struct hfn_taps *taps, const struct hfn_conv *conv, const struct hfn_planes *planes) {
    const struct hfn_rect *node = hfn_rect(conv);
    const uint32_t channel = planes->phases * planes->size, column = conv->inputs * channel;
    uint32_t i = 0;
    for (uint32_t a = 0, phase = 0, row = 0; a < conv->kernel; a++) {
        for (uint32_t b = 0; b < node->kernel; b++) {
            taps->offset[i++] = (uint16_t)(b * column + phase * planes->size + row);
        }
        for (phase += node->dilation[0]; phase >= conv->stride; phase -= conv->stride) {
            row += planes->pitch;
        }
    }
    hfn_rect_repeat(taps, i, channel);
}

HFN_COLD void hfn_rect_far_taps(struct hfn_taps *taps, const struct hfn_conv *conv, const struct hfn_planes *planes) {
    struct hfn_planes units; /* what hfn_rect_taps reads of it, counted in words, as hfn_far_taps does */
    units.pitch = planes->pitch / HFN_FAR_UNIT;
    units.phases = planes->phases;
    units.size = planes->size / HFN_FAR_UNIT;
    hfn_rect_taps(taps, conv, &units);
}

HFN_COLD void hfn_rect_fill(const struct hfn_conv *conv, const struct hfn_planes *planes, uint32_t *arena,
                            uint32_t first) {
    const struct hfn_rect *node = hfn_rect(conv);
    const uint32_t zero = conv->flags & HFN_SIGNED ? 0x80808080u : 0;
    const uint32_t count = conv->inputs * node->kernel * planes->phases;
    uint32_t *all = hfn_in_arena(arena, conv->planes);
    uint8_t *to = (uint8_t *)all;
    hfn_fill(all, all + count * (planes->size / 4) + HFN_SLACK / 4, zero);
    for (uint32_t b = 0, j = 0u - node->padding; b < node->kernel; b++, j += node->dilation[1]) {
        to = hfn_plane_column(conv, planes, arena, first, node->stride, j, to, zero);
    }
}
