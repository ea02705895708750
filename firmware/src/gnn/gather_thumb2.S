/* gather.h for Thumb-2. */
#include "asm.h"
#include "gather.h"
#include "isa.h"

#if HFN_THUMB2

    .macro scaled sum, half, shift
    mla \sum, r11, \sum, \half
    asr \sum, \sum, \shift
    .endm

    /* r0 = before, r1 = degree, r2 = own, r3 = sums, r4 = end, r5 = weighted, r6 = degree of the node, r7 = at,
     * r8-r10 and r12 = its sums, r11 and lr = words of a neighbour. */
    function hfn_gather
    push {r0, r4-r11, lr}
    ldm r0, {r0-r5}
1:  ldrh r6, [r1], #2
    ldrd r11, lr, [r2], #8
    add r7, r0, r6, lsl #1
    mvn r8, r6
    lsl r8, r8, #15
    mov r9, #0
    mov r10, r8
    mov r12, #0
2:  add r8, r8, r11
    add r9, r9, r11, asr #16
    add r10, r10, lr
    add r12, r12, lr, asr #16
    ldrh r11, [r7], #-2
    add lr, r5, r11, lsl #3
    ldrd r11, lr, [lr]
    cmp r7, r0
    bhs 2b
    ldr lr, [sp]
    add r0, r0, r6, lsl #1
    sub r8, r8, r9, lsl #16
    sub r10, r10, r12, lsl #16
    ldr r11, [lr, #HFN_GATHER_WHOLE]
    ldrh r11, [r11, r6, lsl #1]
    ldrd r6, r7, [lr, #HFN_GATHER_HALF]
    .irp sum, r8, r9, r10, r12
    scaled \sum, r6, r7
    .endr
    stm r3!, {r8-r10, r12}
    cmp r3, r4
    bne 1b
    ldr lr, [sp]
    stm lr, {r0-r2}
    pop {r0, r4-r11, pc}
    .size hfn_gather, . - hfn_gather

#endif
