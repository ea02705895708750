/* runs.c for Thumb-1, four words at a time. r0 = to, r2 = from, r12 = end; r1 or lr = the last place for four words. */
#include "isa.h"

#if HFN_ISA == HFN_ISA_V6M

    .syntax unified
    .thumb
    .text

    .macro function name
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

    function hfn_run_copy
    push {r4-r7, lr}
    mov r12, r1
    subs r1, r1, #16
    cmp r3, #0
    bne 4f
    b 2f
1:  ldm r2!, {r4-r7}
    stm r0!, {r4-r7}
2:  cmp r0, r1
    bls 1b
    b 6f
3:  ldm r2!, {r4-r7}
    eors r4, r4, r3
    eors r5, r5, r3
    eors r6, r6, r3
    eors r7, r7, r3
    stm r0!, {r4-r7}
4:  cmp r0, r1
    bls 3b
    b 6f
5:  ldm r2!, {r4}
    eors r4, r4, r3
    stm r0!, {r4}
6:  cmp r0, r12
    blo 5b
    pop {r4-r7, pc}
    .size hfn_run_copy, . - hfn_run_copy

    .macro down low, next
    lsrs \low, \low, #8
    lsls r1, \next, #24
    orrs \low, \low, r1
    .endm

    function hfn_run_down
    push {r4-r7, lr}
    mov r12, r1
    subs r1, r1, #16
    mov lr, r1
    ldm r2!, {r3}
    b 2f
1:  ldm r2!, {r4-r7}
    down r3, r4
    down r4, r5
    down r5, r6
    down r6, r7
    stm r0!, {r3-r6}
    mov r3, r7
2:  cmp r0, lr
    bls 1b
    b 4f
3:  ldm r2!, {r4}
    down r3, r4
    stm r0!, {r3}
    mov r3, r4
4:  cmp r0, r12
    blo 3b
    pop {r4-r7, pc}
    .size hfn_run_down, . - hfn_run_down

    /* The byte above word goes on to the next one, in to. */
    .macro up word, from, to
    lsrs \to, \word, #24
    lsls \word, \word, #8
    orrs \word, \word, \from
    .endm

    function hfn_run_up
    push {r4-r7, lr}
    mov r12, r1
    subs r1, r1, #16
    mov lr, r1
    movs r3, #0
    b 2f
1:  ldm r2!, {r4-r7}
    up r4, r3, r1
    up r5, r1, r3
    up r6, r3, r1
    up r7, r1, r3
    stm r0!, {r4-r7}
2:  cmp r0, lr
    bls 1b
    b 4f
3:  ldm r2!, {r4}
    up r4, r3, r1
    stm r0!, {r4}
    mov r3, r1
4:  cmp r0, r12
    blo 3b
    pop {r4-r7, pc}
    .size hfn_run_up, . - hfn_run_up

#endif
