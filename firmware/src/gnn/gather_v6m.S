/* gather.h for Armv6-M. */
#include "asm.h"
#include "gather.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_V6M

#define GATHER 16 /* on the stack */

    .macro scaled sum
    muls \sum, r1
    adds \sum, \sum, r3
    asrs \sum, r0
    .endm

    /* r1 = at, r2 = weighted, r4-r7 = the node's sums, r0 and r3 = words of a neighbour, r8 = before, r9 = degree,
     * r10 = own, r11 = sums, r12 = end, lr = bytes of the node's neighbours. */
    function hfn_gather
    push {r0, r4-r7, lr}
    push_high
    ldm r0!, {r1-r6}
    mov r8, r1
    mov r9, r2
    mov r10, r3
    mov r11, r4
    mov r12, r5
    mov r2, r6
1:  mov r3, r9
    ldrh r1, [r3]
    adds r3, #2
    mov r9, r3
    mvns r4, r1
    lsls r4, r4, #15
    movs r5, #0
    movs r6, r4
    movs r7, #0
    lsls r1, r1, #1
    mov lr, r1
    add r1, r8
    mov r3, r10
    ldm r3, {r0, r3}
2:  adds r4, r4, r0
    asrs r0, r0, #16
    adds r5, r5, r0
    adds r6, r6, r3
    asrs r3, r3, #16
    adds r7, r7, r3
    ldrh r3, [r1]
    lsls r3, r3, #3
    adds r3, r3, r2
    ldm r3, {r0, r3}
    subs r1, #2
    cmp r1, r8
    bhs 2b
    add r8, lr
    movs r0, #8
    add r10, r0
    lsls r0, r5, #16
    subs r4, r4, r0
    lsls r0, r7, #16
    subs r6, r6, r0
    ldr r0, [sp, #GATHER]
    mov r3, lr
    ldr r1, [r0, #HFN_GATHER_WHOLE]
    ldrh r1, [r1, r3]
    ldr r3, [r0, #HFN_GATHER_HALF]
    ldr r0, [r0, #HFN_GATHER_SHIFT]
    .irp sum, r4, r5, r6, r7
    scaled \sum
    .endr
    mov r0, r11
    stm r0!, {r4-r7}
    mov r11, r0
    cmp r0, r12
    bne 1b
    ldr r0, [sp, #GATHER]
    mov r1, r8
    mov r2, r9
    mov r3, r10
    stm r0!, {r1-r3}
    pop_high
    pop {r0, r4-r7, pc}
    .size hfn_gather, . - hfn_gather

#endif
