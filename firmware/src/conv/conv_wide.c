#include "conv_supermask.h"

HFN_CONV(hfn_conv_wide, hfn_run_wide)
