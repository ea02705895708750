#include "channel_wide.h"
#include "conv_far.h"

HFN_ADD_LIST(hfn_lanes_add_far_list, HFN_FAR_UNIT, HFN_PACE)
HFN_CHANNEL_WIDE(hfn_channel_far, hfn_channel_far_sum, hfn_lanes_add_far_list)
