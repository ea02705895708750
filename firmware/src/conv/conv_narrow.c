#include "conv_supermask.h"

HFN_CONV(hfn_conv_narrow, hfn_run_narrow)
