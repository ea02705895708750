#define HFN_CHANNEL hfn_channel_wide
#include "channel_wide.h"
