#include "lanes.h"
#include "shared.h"

#if HFN_SHARES && HFN_ISA == HFN_ISA_C

HFN_ADD_LIST(hfn_lanes_add_paced, 1, 2)

static inline struct hfn_lanes hfn_lanes_plus(struct hfn_lanes a, struct hfn_lanes b) {
    struct hfn_lanes sum = {a.even0 + b.even0, a.odd0 + b.odd0, a.even1 + b.even1, a.odd1 + b.odd1,
                            a.even2 + b.even2, a.odd2 + b.odd2, a.even3 + b.even3, a.odd3 + b.odd3};
    return sum;
}

static inline struct hfn_lanes hfn_lanes_minus(struct hfn_lanes a, struct hfn_lanes b) {
    return hfn_lanes_plus(a, hfn_lanes_negate(b));
}

/* l + Σ plus - Σ minus of a list's taps. */
static struct hfn_lanes hfn_trio_add(struct hfn_lanes l, const uint8_t *planes, const struct hfn_split *split) {
    const struct hfn_list rest = hfn_list_paced(split->rest, split->rest_end, 0, 2);
    for (uint32_t sign = 0; sign < 2; sign++) {
        l = hfn_lanes_add_paced(l, planes, hfn_list_paced(split->both + sign, split->both_end + sign, 0, 2));
        if (split->is_minus == sign) {
            l = hfn_lanes_add_paced(l, planes, rest);
        }
        l = hfn_lanes_negate(l);
    }
    return l;
}

/* l and a kind's three lists; to the third channel's sums what of them is its. */
static struct hfn_lanes hfn_trio_add_kind(struct hfn_lanes l, const uint8_t *planes, const struct hfn_split *split,
                                          struct hfn_lanes *third) {
    const struct hfn_lanes same = hfn_trio_add(l, planes, split);
    const struct hfn_lanes both = hfn_trio_add(same, planes, split + 1);
    *third = hfn_lanes_plus(*third, hfn_lanes_minus(hfn_lanes_minus(same, l), hfn_lanes_minus(both, same)));
    return hfn_trio_add(both, planes, split + 2);
}

static void hfn_trio_store(struct hfn_trio *trio, struct hfn_output *output, struct hfn_lanes l, uint32_t count) {
    struct hfn_channel *channel = &trio->channel;
    int32_t sums[HFN_GROUP];
    if (output->y == NULL) {
        return;
    }
    hfn_lanes_split(l.even0, l.odd0, sums);
    hfn_lanes_split(l.even1, l.odd1, sums + 4);
    hfn_lanes_split(l.even2, l.odd2, sums + 8);
    hfn_lanes_split(l.even3, l.odd3, sums + 12);
    channel->scale.multiplier = output->multiplier;
    channel->scale.offset = output->offset;
    channel->y = output->y;
    channel->residual = output->residual;
    channel->column = 0; /* the band is one row */
    hfn_store(channel, sums, count);
    output->y = channel->y;
    output->residual = channel->residual;
}

/* By N1 each channel's sums are in -32767..32767; on the way a lane may hold anything. */
void hfn_trio_narrow(struct hfn_trio *trio) {
    const uint8_t *planes = trio->channel.planes;
    const struct hfn_split *split = trio->split;
    for (uint32_t left = trio->channel.pixels; left;) {
        const uint32_t count = left < HFN_GROUP ? left : HFN_GROUP;
        struct hfn_lanes third = hfn_lanes(0, 0);
        const struct hfn_lanes alike = hfn_trio_add_kind(third, planes, split, &third);
        const struct hfn_lanes sum = hfn_trio_add_kind(alike, planes, split + 3, &third);
        const struct hfn_lanes difference = hfn_lanes_minus(hfn_lanes_plus(alike, alike), sum);
        hfn_trio_store(trio, &trio->output[0], hfn_trio_add_kind(sum, planes, split + 6, &third), count);
        hfn_trio_store(trio, &trio->output[1], hfn_trio_add_kind(difference, planes, split + 9, &third), count);
        hfn_trio_store(trio, &trio->output[2], hfn_trio_add(third, planes, split + 12), count);
        planes += HFN_GROUP;
        left -= count;
    }
}

#endif
