#include "conv_dense.h"

HFN_CONV(hfn_conv_int4, hfn_run_int4)
