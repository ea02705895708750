/* linear_plain.h for Thumb-2. */
#include "asm.h"
#include "generator.h"
#include "isa.h"
#include "linear_plain_offsets.h"

#if HFN_THUMB2 && HFN_ISA != HFN_ISA_MVE

    /* Two entries more by an input in both: x·65537, exact modulo 2^32. */
    .macro next to, offset
    ldrsb \to, [r1, #\offset]
    add \to, \to, \to, lsl #16
    .endm

    /* (tables r0, x r1): sixteen entries in r4-r11, then what is there once more, with the next input added. */
    function hfn_subset_sums
    push {r4-r11, lr}
    add r2, r1, #32
    push {r2}
1:  ldrsb r2, [r1], #4
    ldr r4, =0x03F803F8 /* 1016, twice */
    add r4, r4, r2, lsl #16
    next r2, -3
    add r5, r4, r2
    next r2, -2
    add r6, r4, r2
    add r7, r5, r2
    next r2, -1
    add r8, r4, r2
    add r9, r5, r2
    add r10, r6, r2
    add r11, r7, r2
    mov lr, r0
    stm r0!, {r4-r11}
2:  ldrsb r2, [r1], #1
    add r2, r2, r2, lsl #16
    mov r3, lr
    mov r12, r0
3:  ldm r3!, {r4-r11}
    .irp entries, r4, r5, r6, r7, r8, r9, r10, r11
    add \entries, \entries, r2
    .endr
    stm r0!, {r4-r11}
    cmp r3, r12
    bne 3b
    sub r3, r0, lr
    cmp r3, #512
    bne 2b
    ldr r3, [sp]
    cmp r1, r3
    bne 1b
    pop {r3-r11, pc}
    .ltorg
    .size hfn_subset_sums, . - hfn_subset_sums

    .macro look_up table, rotate
    uxtb r9, r7, ror #\rotate
    ldrh r9, [\table, r9, lsl #1]
    uxtb lr, r8, ror #\rotate
    ldrh lr, [\table, lr, lsl #1]
    add r10, r10, r9
    sub r10, r10, lr
    .endm

    .macro hash x
    eor \x, \x, \x, lsr #16
    mul \x, r11, \x
    eor \x, \x, \x, lsr #15
    mul \x, r12, \x
    eor \x, \x, \x, lsr #15
    .endm

    /* The block in r0, to registers. */
    .macro open
    ldr r1, [r0, #HFN_BLOCK_MASK]
    ldr r2, [r0, #HFN_BLOCK_STATE]
    ldr r3, [r0, #HFN_BLOCK_TABLES]
    add r4, r3, #512
    add r5, r4, #512
    add r6, r5, #512
    ldr r0, [r0, #HFN_BLOCK_SUMS]
    ldr r11, =HFN_HASH_FIRST
    ldr r12, =HFN_HASH_SECOND
    .endm

    /* The sum in r10, of what r7 keeps with the signs in r8. Again for the next output. */
    .macro sum_up
    and r8, r8, r7
    bic r7, r7, r8
    ldr r10, [r0]
    look_up r3, 0
    look_up r4, 8
    look_up r5, 16
    look_up r6, 24
    str r10, [r0], #4
    ldr r9, [sp, #8]
    cmp r0, r9
    bne 1b
    add sp, #12
    pop {r4-r11, pc}
    .ltorg
    .endm

    /* (block r0) */
    function hfn_add_block
    push {r4-r11, lr}
    ldr r4, [r0, #HFN_BLOCK_MASK_STEP]
    ldr r5, [r0, #HFN_BLOCK_STATE_STEP]
    ldr r6, [r0, #HFN_BLOCK_END]
    push {r4-r6}
    open
1:  mov r8, r2
    hash r8
    ldr r7, [r1]
    ldrd r9, lr, [sp]
    add r1, r1, r9
    add r2, r2, lr
    sum_up
    .size hfn_add_block, . - hfn_add_block

    /* (block r0, inputs r1): the weights of an output begin at bit r2. */
    function hfn_add_block_apart
    push {r4-r11, lr}
    mov r4, r1
    ldr r5, [r0, #HFN_BLOCK_STATE]
    ldr r6, [r0, #HFN_BLOCK_END]
    push {r4-r6}
    open
    movs r2, #0
1:  lsr r9, r2, #5
    ldr r10, =HFN_GOLDEN
    ldrd r7, r8, [sp]
    mla r8, r9, r10, r8
    add lr, r8, r10
    hash r8
    hash lr
    add r9, r1, r9, lsl #2
    and r10, r2, #31
    add r2, r2, r7
    ldrd r7, r9, [r9]
    lsr r7, r7, r10
    lsr r8, r8, r10
    rsb r10, r10, #32
    lsl r9, r9, r10 /* by 32: 0 */
    lsl lr, lr, r10
    orr r7, r7, r9
    orr r8, r8, lr
    sum_up
    .size hfn_add_block_apart, . - hfn_add_block_apart

#endif
