/* linear_plain.h for Armv6-M. */
#include "asm.h"
#include "generator.h"
#include "isa.h"
#include "linear_plain_offsets.h"

#if HFN_ISA == HFN_ISA_V6M

    /* Two entries more by an input in both: x·65537, exact modulo 2^32. */
    .macro next
    movs r2, #0
    ldrsb r2, [r1, r2]
    adds r1, #1
    lsls r3, r2, #16
    adds r2, r2, r3
    .endm

    /* (tables r0, x r1): eight entries in r4-r7, then what is there once more, with the next input added. */
    function hfn_subset_sums
    push {r4-r7, lr}
    mov r4, r8
    push {r4}
    mov r4, r1
    adds r4, #32
    mov r12, r4
1:  mov r8, r0
    ldr r4, =0x03F803F8 /* 1016, twice */
    next
    adds r4, r4, r3
    next
    adds r5, r4, r2
    next
    adds r6, r4, r2
    adds r7, r5, r2
    stm r0!, {r4-r7}
2:  next
    mov r3, r8
    mov lr, r0
3:  ldm r3!, {r4-r7}
    adds r4, r4, r2
    adds r5, r5, r2
    adds r6, r6, r2
    adds r7, r7, r2
    stm r0!, {r4-r7}
    cmp r3, lr
    bne 3b
    mov r3, r8
    subs r3, r0, r3
    lsrs r3, r3, #9 /* 512 bytes */
    beq 2b
    cmp r1, r12
    bne 1b
    pop {r4}
    mov r8, r4
    pop {r4-r7, pc}
    .ltorg
    .size hfn_subset_sums, . - hfn_subset_sums

    /* Twice a byte of a word, which is an offset in its table. */
    .macro byte of, right
    .if \right < 0
    lsls r6, \of, #1
    .else
    lsrs r6, \of, #\right
    .endif
    ands r6, r7
    ldrh r6, [r2, r6]
    .endm

    .macro look_up right
    byte r4, \right
    adds r3, r3, r6
    byte r5, \right
    subs r3, r3, r6
    .endm

    /* (block r0): the sum in r3, what is kept with plus in r4, with minus in r5, 2·255 in r7. */
    function hfn_add_block
    push {r4-r7, lr}
    push_high
    movs r7, #255
    lsls r7, r7, #1
    ldr r4, =HFN_HASH_FIRST
    mov r9, r4
    ldr r4, =HFN_HASH_SECOND
    mov r10, r4
    ldr r4, [r0, #HFN_BLOCK_TABLES]
    mov r11, r4
    adds r4, r7, #2
    mov r12, r4
    ldr r4, [r0, #HFN_BLOCK_END]
    mov lr, r4
    ldr r4, [r0, #HFN_BLOCK_MASK_STEP]
    ldr r5, [r0, #HFN_BLOCK_STATE_STEP]
    push {r4, r5}
    ldr r1, [r0, #HFN_BLOCK_MASK]
    ldr r4, [r0, #HFN_BLOCK_STATE]
    mov r8, r4
    ldr r0, [r0, #HFN_BLOCK_SUMS]
1:  mov r5, r8
    lsrs r6, r5, #16
    eors r5, r5, r6
    mov r6, r9
    muls r5, r6, r5
    lsrs r6, r5, #15
    eors r5, r5, r6
    mov r6, r10
    muls r5, r6, r5
    lsrs r6, r5, #15
    eors r5, r5, r6
    ldr r6, [sp, #4]
    add r8, r8, r6
    ldr r4, [r1]
    ldr r6, [sp, #0]
    adds r1, r1, r6
    ands r5, r5, r4
    bics r4, r4, r5
    ldr r3, [r0]
    mov r2, r11
    look_up -1
    add r2, r2, r12
    look_up 7
    add r2, r2, r12
    look_up 15
    add r2, r2, r12
    look_up 23
    stm r0!, {r3}
    cmp r0, lr
    bne 1b
    add sp, #8
    pop_high
    pop {r4-r7, pc}
    .ltorg
    .size hfn_add_block, . - hfn_add_block

#endif
