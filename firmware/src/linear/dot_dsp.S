/* dot.h for the DSP instructions and for Helium. */
#include "asm.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_DSP || HFN_ISA == HFN_ISA_MVE

    function hfn_dot
#if HFN_ISA == HFN_ISA_MVE
    push {r7, lr}
    mov r3, r0
    movs r0, #0
    dlstp.8 lr, r2
1:  vldrb.8 q0, [r3], #16
    vldrb.8 q1, [r1], #16
    vmladava.s8 r0, q0, q1
    letp lr, 1b
    pop {r7, pc}
#else
    push {r4-r6, lr}
    movs r3, #0
    subs r2, r2, #8
    blo 2f
1:  .rept 2
    ldr r4, [r0], #4
    ldr r5, [r1], #4
    sxtb16 r6, r4
    sxtb16 r12, r5
    smlad r3, r6, r12, r3
    sxtb16 r4, r4, ror #8
    sxtb16 r5, r5, ror #8
    smlad r3, r4, r5, r3
    .endr
    subs r2, r2, #8
    bhs 1b
2:  adds r2, r2, #8
    beq 4f
3:  ldrsb r4, [r0], #1
    ldrsb r5, [r1], #1
    mla r3, r4, r5, r3
    subs r2, r2, #1
    bne 3b
4:  mov r0, r3
    pop {r4-r6, pc}
#endif
    .size hfn_dot, . - hfn_dot

#endif
