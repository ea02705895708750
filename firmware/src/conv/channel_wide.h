/* A channel in 32-bit accumulators. */
#ifndef HFN_CHANNEL_WIDE_H
#define HFN_CHANNEL_WIDE_H

#include "lanes.h"

enum { HFN_WIDE_RUN = 128 }; /* bytes that a lane can sum: 128·255 <= 32767 */

/* The function name, from lists that add_list adds; sum is a name for a part of it. Lists are shorter than 7·2^16, so
 * sums stay below 2^27 in magnitude. */
#define HFN_CHANNEL_WIDE(name, sum, add_list)                                                                          \
    static void sum(int32_t *sums, const uint8_t *planes, int has_sign, const hfn_half *list, const hfn_half *end) {   \
        while (list != end) {                                                                                          \
            const hfn_half *stop = end - list > HFN_PACE * HFN_WIDE_RUN ? list + HFN_PACE * HFN_WIDE_RUN : end;        \
            struct hfn_lanes l = add_list(hfn_lanes(0, 0), planes, hfn_list(list, stop, has_sign));                    \
            hfn_lanes_drain(l.even0, l.odd0, sums);                                                                    \
            hfn_lanes_drain(l.even1, l.odd1, sums + 4);                                                                \
            hfn_lanes_drain(l.even2, l.odd2, sums + 8);                                                                \
            hfn_lanes_drain(l.even3, l.odd3, sums + 12);                                                               \
            list = stop;                                                                                               \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    void name(struct hfn_channel *channel) {                                                                           \
        const uint8_t *planes = channel->planes;                                                                       \
        for (uint32_t left = channel->pixels; left;) {                                                                 \
            int32_t sums[HFN_GROUP];                                                                                   \
            for (uint32_t i = 0; i < HFN_GROUP; i++) {                                                                 \
                sums[i] = -channel->start;                                                                             \
            }                                                                                                          \
            sum(sums, planes, channel->has_sign, channel->minus, channel->list_end);                                   \
            for (uint32_t i = 0; i < HFN_GROUP; i++) {                                                                 \
                sums[i] = -sums[i];                                                                                    \
            }                                                                                                          \
            sum(sums, planes, channel->has_sign, channel->list, channel->plus_end);                                    \
            uint32_t count = left < HFN_GROUP ? left : HFN_GROUP;                                                      \
            hfn_store(channel, sums, count);                                                                           \
            planes += HFN_GROUP;                                                                                       \
            left -= count;                                                                                             \
        }                                                                                                              \
    }

#endif
