#include "span.h"

static uint32_t until(const struct hfn_ticks *ticks, uint32_t count) {
    const uint32_t rows = count * ticks->step; /* both are below 2^16 */
    const uint32_t made = rows < ticks->lag ? 0 : rows - ticks->lag;
    return made < ticks->rows ? made : ticks->rows;
}

HFN_COLD struct hfn_span hfn_span(const struct hfn_ticks *ticks, uint32_t tick) {
    struct hfn_span span;
    span.first = until(ticks, tick);
    span.end = until(ticks, tick + 1);
    span.x = ticks->x.at - tick * ticks->x.slide;
    span.x_map = ticks->x.map;
    span.y = ticks->y.at - tick * ticks->y.slide;
    span.y_map = ticks->y.map;
    span.residual = ticks->residual.at - tick * ticks->residual.slide;
    span.residual_map = ticks->residual.map;
    return span;
}
