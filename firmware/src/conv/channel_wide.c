#include "channel_wide.h"

HFN_CHANNEL_WIDE(hfn_channel_wide, hfn_channel_wide_sum, hfn_lanes_add_list)
