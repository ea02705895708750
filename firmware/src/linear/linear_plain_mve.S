/* linear_plain.h for Helium, which needs no lookup tables: a word of the mask is two predicates of 16 lanes. */
#include "asm.h"
#include "generator.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_MVE

    /* Sixteen inputs: the weights from the signs in r5, then those that the mask in r4 keeps. Lanes that it does not
     * keep are not read. */
    .macro sixteen
    vmsr p0, r5
    vpsel q2, q1, q0
    vmsr p0, r4
    vpstt
    vldrbt.u8 q3, [r0], #16
    vmlavat.s8 r8, q2, q3
    .endm

    /* int32_t hfn_row(x r0, mask r1, state r2, inputs r3, first r4): the sum of a row whose weights begin at bit first
     * of the mask's first word. */
    function hfn_row
    push {r4-r8, lr}
    ldr r6, [sp, #24]
    vmov.i8 q0, #1
    vmov.i8 q1, #255
    ldr r12, =HFN_HASH_FIRST
    ldr r7, =HFN_HASH_SECOND
    ldr lr, =HFN_GOLDEN
    movs r8, #0
    sub r0, r0, r6 /* where the word's first weight would find its input */
    add r3, r3, r6
    mov r4, #-1
    lsl r6, r4, r6 /* what the row has of its first word */
    b 2f
1:  mov r6, #-1
2:  subs r3, r3, #32
    bgt 3f
    rsb r5, r3, #0 /* bits of the last word that the row has not */
    mov r4, #-1
    lsr r4, r4, r5
    and r6, r6, r4
3:  eor r5, r2, r2, lsr #16
    mul r5, r12, r5
    eor r5, r5, r5, lsr #15
    mul r5, r7, r5
    eor r5, r5, r5, lsr #15
    ldr r4, [r1], #4
    and r4, r4, r6
    sixteen
    lsr r4, r4, #16
    lsr r5, r5, #16
    sixteen
    add r2, r2, lr
    cmp r3, #0
    bgt 1b
    mov r0, r8
    pop {r4-r8, pc}
    .ltorg
    .size hfn_row, . - hfn_row

#endif
