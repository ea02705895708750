#define HFN_CHANNEL hfn_channel_far
#define HFN_UNIT 4 /* HFN_FAR_UNIT */
#include "channel_wide.h"
#include "conv_far.h"

HFN_ASSERT(unit, HFN_UNIT == HFN_FAR_UNIT);
