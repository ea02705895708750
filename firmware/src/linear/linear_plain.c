#include "linear_plain.h"

#include "generator.h"
#include "isa.h"
#include "linear_plain_offsets.h"
#include "requantise.h"

#if !HFN_SMALL

#if HFN_ISA != HFN_ISA_C /* what linear_plain_thumb2.S and linear_plain_v6m.S know of the struct */
HFN_ASSERT(tables_at, offsetof(struct hfn_block, tables) == HFN_BLOCK_TABLES);
HFN_ASSERT(sums_at, offsetof(struct hfn_block, sums) == HFN_BLOCK_SUMS);
HFN_ASSERT(end_at, offsetof(struct hfn_block, end) == HFN_BLOCK_END);
HFN_ASSERT(mask_at, offsetof(struct hfn_block, mask) == HFN_BLOCK_MASK);
HFN_ASSERT(mask_step_at, offsetof(struct hfn_block, mask_step) == HFN_BLOCK_MASK_STEP);
HFN_ASSERT(state_at, offsetof(struct hfn_block, state) == HFN_BLOCK_STATE);
HFN_ASSERT(state_step_at, offsetof(struct hfn_block, state_step) == HFN_BLOCK_STATE_STEP);
#endif

#if HFN_ISA == HFN_ISA_MVE

/* Needs no lookup tables. Rows may begin in the middle of a word, at bit first. */
int32_t hfn_row(const int8_t *x, const uint32_t *mask, uint32_t state, uint32_t inputs, uint32_t first);

static void hfn_linear_plain_sum(const int8_t *x, uint32_t inputs, const uint32_t *mask, uint32_t state, int32_t *sums,
                                 uint32_t outputs) {
    for (uint32_t output = 0, bit = 0; output < outputs; output++, bit += inputs) {
        const uint32_t index = bit >> 5;
        sums[output] = hfn_row(x, mask + index, state + index * HFN_GOLDEN, inputs, bit & 31);
    }
}

#else

#if HFN_ISA == HFN_ISA_C || HFN_ISA == HFN_ISA_RV32

void hfn_subset_sums(hfn_half *tables, const int8_t *x) {
    for (hfn_half *end = tables + HFN_TABLES; tables != end; tables += HFN_SUBSETS, x += 8) {
        tables[0] = HFN_SUBSET_BIAS;
        for (uint32_t bit = 0; bit < 8; bit++) {
            for (uint32_t i = 0; i < 1u << bit; i++) {
                tables[(1u << bit) + i] = (hfn_half)(tables[i] + x[bit]);
            }
        }
    }
}

#endif

#if HFN_ISA == HFN_ISA_C || HFN_ISA == HFN_ISA_V6M || HFN_ISA == HFN_ISA_RV32

static int32_t hfn_linear_plain_look_up(const hfn_half *tables, uint32_t kept, uint32_t minus) {
    const uint32_t plus = kept & ~minus;
    minus &= kept;
    int32_t sum = 0;
    for (uint32_t byte = 0; byte < 4; byte++, tables += HFN_SUBSETS) {
        sum += tables[plus >> 8 * byte & 0xFF];
        sum -= tables[minus >> 8 * byte & 0xFF];
    }
    return sum;
}

#if HFN_ISA == HFN_ISA_C || HFN_ISA == HFN_ISA_RV32

void hfn_add_block(const struct hfn_block *block) {
    const uint32_t *mask = block->mask;
    uint32_t state = block->state;
    for (int32_t *sum = block->sums; sum != block->end; sum++) {
        *sum += hfn_linear_plain_look_up(block->tables, *mask, hfn_hash(state));
        mask += block->mask_step / 4;
        state += block->state_step;
    }
}

#endif

void hfn_add_block_apart(const struct hfn_block *block, uint32_t inputs) {
    uint32_t bit = 0;
    for (int32_t *sum = block->sums; sum != block->end; sum++, bit += inputs) {
        const uint32_t index = bit >> 5, low = bit & 31, high = 31 - low;
        const uint32_t *mask = block->mask + index;
        const uint32_t state = block->state + index * HFN_GOLDEN;
        const uint32_t kept = mask[0] >> low | mask[1] << high << 1;
        *sum += hfn_linear_plain_look_up(block->tables, kept,
                                         hfn_hash(state) >> low | hfn_hash(state + HFN_GOLDEN) << high << 1);
    }
}

#endif

/* A block's inputs; behind the last one zeros, in the place given. */
static const int8_t *hfn_linear_plain_inputs_of(const int8_t *x, uint32_t count, int8_t *place) {
    if (count >= HFN_BLOCK) {
        return x;
    }
    for (uint32_t i = 0; i < HFN_BLOCK; i++) {
        place[i] = i < count ? x[i] : 0;
    }
    return place;
}

static void hfn_linear_plain_sum(const int8_t *x, uint32_t inputs, const uint32_t *mask, uint32_t state, int32_t *sums,
                                 uint32_t outputs) {
    hfn_half *const tables = (hfn_half *)(sums + outputs);
    struct hfn_block block = {tables, sums, sums + outputs, mask, inputs / 8, state, inputs / 32 * HFN_GOLDEN};
    for (uint32_t output = 0; output < outputs; output++) {
        sums[output] = 0;
        __asm__ volatile("" ::: "memory"); /* or else a compiler calls memset */
    }
    for (uint32_t first = 0; first < inputs; first += HFN_BLOCK, block.mask++, block.state += HFN_GOLDEN) {
        int8_t last[HFN_BLOCK];
        hfn_subset_sums(tables, hfn_linear_plain_inputs_of(x + first, inputs - first, last));
        if (inputs % 32 == 0) {
            hfn_add_block(&block);
        } else {
            hfn_add_block_apart(&block, inputs);
        }
    }
}

#endif

/* REQUIRE |sum| < 2^31 for every sum of weights, whatever the order (SPEC section 5: the bound A). */
void hfn_linear_plain(const void *model, const struct hfn_linear *node, uint32_t *arena) {
    const struct hfn_supermask *weight = hfn_in_model(model, node->weight);
    const uint32_t *mask = hfn_in_model(model, weight->mask);
    const uint32_t state = hfn_word(weight->key, HFN_SIGN_STREAM) + HFN_GOLDEN, channels = node->requantise.channels;
    const int8_t *x = hfn_in_arena(arena, node->x);
    int32_t *sums = hfn_in_arena(arena, node->scratch);
    int8_t *y = hfn_in_arena(arena, node->y);
    hfn_linear_plain_sum(x, node->inputs, mask, state, sums, channels);
    for (uint32_t output = 0; output < channels; output++) {
        y[output] = hfn_requantise(model, &node->requantise, output, sums[output]);
    }
}

#endif
