#include "conv_dense.h"

HFN_CONV(hfn_conv_dense, hfn_run_dense)
