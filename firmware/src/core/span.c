#include "span.h"

static uint32_t hfn_span_until(const struct hfn_ticks *ticks, uint32_t count) {
    const uint32_t rows = (count >> ticks->shift) * ticks->step; /* both factors are below 2^16 */
    const uint32_t made = rows < ticks->lag ? 0 : rows - ticks->lag;
    return made < ticks->rows ? made : ticks->rows;
}

static uint32_t hfn_span_place(const struct hfn_operand *operand, uint32_t count) {
    return operand->at - (count >> operand->shift) * operand->slide;
}

HFN_COLD struct hfn_span hfn_span(const struct hfn_ticks *ticks, uint32_t tick) {
    struct hfn_span span;
    span.first = hfn_span_until(ticks, tick);
    span.end = hfn_span_until(ticks, tick + 1);
    span.x = hfn_span_place(&ticks->x, tick + 1);
    span.x_map = ticks->x.map;
    span.y = hfn_span_place(&ticks->y, tick + 1);
    span.y_map = ticks->y.map;
    span.residual = hfn_span_place(&ticks->residual, tick + 1);
    span.residual_map = ticks->residual.map;
    return span;
}
