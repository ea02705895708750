#include "conv_dense.h"
#include "rect.h"

HFN_CONV_TRAINED(hfn_rect_trained_of, hfn_rect_weights, hfn_rect_taps, hfn_rect_fill)

static void hfn_rect_trained_run(const void *model, const struct hfn_conv *node, const struct hfn_planes *planes,
                                 uint32_t *arena) {
    hfn_rect_trained_of(model, node, planes, arena, hfn_rect(node)->is_int4);
}

HFN_RECT_ROWS(hfn_rect_trained_rows, hfn_rect_trained_run)
HFN_RECT(hfn_rect_trained, hfn_rect_trained_rows)
