/* runs.c for Thumb-1, four words at a time. r0 = to, r2 = from, r12 = end; r1 or lr = the last place for four words. */
#include "asm.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_V6M

    .text

    entry hfn_run_copy
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

    entry hfn_run_down
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

    entry hfn_run_up
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

    entry hfn_run_halve
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    push {r4-r6}
    mov r8, r1
    ldm r3!, {r4-r7} /* struct hfn_halves */
    ldr r1, [r3]
    mov r9, r1 /* flip */
    subs r4, r4, r6
    mov r10, r4 /* from a row's end to the next one, of to, */
    subs r5, r5, r6
    subs r5, r5, r6
    mov r12, r5      /* of from */
    lsls r5, r7, #3 /* odd, in bits */
    mov lr, r6
    ldr r6, =0x00FF00FF
    b 3f
1:  mov r7, lr
    adds r7, r0, r7
2:  ldm r2!, {r1, r3}
    lsrs r1, r1, r5
    lsrs r3, r3, r5
    ands r1, r1, r6
    ands r3, r3, r6
    lsrs r4, r1, #8
    orrs r1, r1, r4
    lsrs r4, r3, #8
    orrs r3, r3, r4
    uxth r1, r1
    lsls r3, r3, #16
    orrs r1, r1, r3
    mov r3, r9
    eors r1, r1, r3
    stm r0!, {r1}
    cmp r0, r7
    blo 2b
    add r0, r10
    add r2, r12
3:  cmp r0, r8
    blo 1b
    pop {r4-r6}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    pop {r4-r7, pc}
    .ltorg
    .size hfn_run_halve, . - hfn_run_halve

#endif
