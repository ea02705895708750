/* Requantisation of four sums, for conv_dense_dsp.S and conv_dense_v7m.S. */
#include "asm.h"
#include "channel_offsets.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_DSP || HFN_ISA == HFN_ISA_V7M

    /* Anything: y may be the residual, whose ratio may be 0. */
    .macro any t, pixel
    ldrsb r4, [r11, #\pixel]
    mla \t, r4, r8, \t
    asr \t, \t, r9
    ssat \t, #8, \t
    cmp \t, r7
    it lt
    movlt \t, r7
    strb \t, [r10, #\pixel]
    .endm

    /* From 0 on, without a residual. */
    .macro relu t, pixel
    asr \t, \t, r9
    usat \t, #7, \t
    strb \t, [r10, #\pixel]
    .endm

    /* The pixels from the last one down, as many as r12 holds. */
    .macro pixels do
    tbb [pc, r12]
5:  .byte 0, (0f - 5b) / 2, (1f - 5b) / 2, (2f - 5b) / 2, (3f - 5b) / 2
    .balign 2
3:  \do r6, 3
2:  \do r5, 2
1:  \do r1, 1
0:  \do r3, 0
    .endm

    /* Sums r3, r1, r5, r6 of the channel r7: to its next place. Keeps r0 and sp. */
    function hfn_tile_four
    ldrd r8, r9, [r7, #HFN_CH_MULTIPLIER] /* and OFFSET */
    mla r3, r3, r8, r9
    mla r1, r1, r8, r9
    mla r5, r5, r8, r9
    mla r6, r6, r8, r9
    ldrd r8, r9, [r7, #HFN_CH_COLUMN] /* and COLUMNS */
    adds r8, r8, #4
    movs r12, #4
    cmp r8, r9
    bhs 9f
8:  str r8, [r7, #HFN_CH_COLUMN]
    ldrd r10, r11, [r7, #HFN_CH_Y] /* and RESIDUAL */
    add r4, r10, r12
    str r4, [r7, #HFN_CH_Y]
    ldrd r8, r9, [r7, #HFN_CH_RATIO] /* and SHIFT */
    ldr r2, [r7, #HFN_CH_LO]
    orrs r4, r2, r11
    beq 7f
    cmp r11, #0
    it eq
    moveq r11, r10
    add r4, r11, r12
    it ne
    strne r4, [r7, #HFN_CH_RESIDUAL]
    mov r7, r2
    pixels any
    bx lr
7:  pixels relu
    bx lr
9:  ldr r12, [r7, #HFN_CH_GAP]
    rsb r12, r12, #4
    movs r8, #0
    b 8b
    .size hfn_tile_four, . - hfn_tile_four

#endif
