/* Convolutions one output row of which needs more planes than HFN_MAX_PLANES.
 *
 * All offsets of taps are multiples of 4, as the pitch is. So lists and taps count words here, and reach four times as
 * far: HFN_MAX_FAR_PLANES. Whatever else there is about planes and lists is that of other convolutions. Few nets have
 * such layers, and none for small parts, so their kernels are portable on every core. */
#ifndef HFN_CONV_FAR_H
#define HFN_CONV_FAR_H

#include "conv.h"

#define HFN_FAR_UNIT 4 /* bytes that an offset counts */
#define HFN_MAX_FAR_PLANES (HFN_FAR_UNIT * HFN_MAX_PLANES)

/* hfn_taps in units of HFN_FAR_UNIT. */
HFN_COLD static inline void hfn_far_taps(struct hfn_taps *taps, const struct hfn_conv *node,
                                         const struct hfn_planes *planes) {
    struct hfn_planes units; /* what hfn_taps reads of it */
    units.pitch = planes->pitch / HFN_FAR_UNIT;
    units.phases = planes->phases;
    units.size = planes->size / HFN_FAR_UNIT;
    hfn_taps(taps, node, &units);
}

/* hfn_channel_wide for lists in these units. */
void hfn_channel_far(struct hfn_channel *channel);

#endif
