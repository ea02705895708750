/* hfn_shared_append: shared.c bit for bit. Words are reversed, so that CLZ finds the next weight. */
#include "asm.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_DSP

    .text

    /* Appends the taps of the weights in \kind that are in \third as well to the list whose end lies at lr + \at. */
    .macro append kind, third, at
    ands r1, \kind, \third
    beq 2f
    ldr r0, [lr, #\at]
1:  clz r2, r1
    ldrh r3, [r6, r2, lsl #1]
    lsr r2, r11, r2
    add r3, r3, r7
    strh r3, [r0], #4
    bics r1, r1, r2
    bne 1b
    str r0, [lr, #\at]
2:
    .endm

    .equ KINDS, 40 /* five of two words */

    /* (ends r0, words r1, offset r2, base r3) */
    entry hfn_shared_append
    push {r4-r11, lr}
    mov lr, r0
    mov r6, r2
    mov r7, r3
    ldm r1, {r0, r2-r4, r8-r10} /* plus and minus of each channel, then all weights */
    .irp word, r0, r2, r3, r4, r8, r9, r10
    rbit \word, \word
    .endr
    bic r5, r10, r0
    bics r5, r5, r2
    bic r11, r10, r3
    bic r11, r11, r4
    bic r10, r10, r8
    bic r10, r10, r9
    and r12, r5, r11 /* first and second 0 */
    mov r1, r12
    push {r1, r12}
    and r1, r5, r3 /* second */
    and r12, r5, r4
    push {r1, r12}
    and r1, r0, r11 /* first */
    and r12, r2, r11
    push {r1, r12}
    and r1, r0, r4 /* unlike */
    and r12, r2, r3
    push {r1, r12}
    ands r0, r0, r3 /* alike */
    ands r2, r2, r4
    push {r0, r2}
    mov r11, #0x80000000
    add r12, sp, #KINDS - 8
.Lkind:
    pop {r4, r5}
    append r4, r8, 0
    append r5, r9, 4
    cmp sp, r12
    bhi .Ldone
    append r4, r9, 8
    append r5, r8, 12
    append r4, r10, 16
    append r5, r10, 20
    adds lr, lr, #24
    b .Lkind
.Ldone:
    pop {r4-r11, pc}
    .size hfn_shared_append, . - hfn_shared_append

#endif
