/* runs.c for Helium: bytes at any address, sixteen at a time, the last turn of each loop under its predicate. */
#include "asm.h"
#include "isa.h"

#if HFN_ISA == HFN_ISA_MVE

    .text

    entry hfn_run_copy
    push {r7, lr}
    vdup.32 q1, r3
    subs r1, r1, r0
    wlstp.8 lr, r1, 2f
1:  vldrb.u8 q0, [r2], #16
    veor q0, q0, q1
    vstrb.8 q0, [r0], #16
    letp lr, 1b
2:  pop {r7, pc}
    .size hfn_run_copy, . - hfn_run_copy

    entry hfn_run_down
    push {r7, lr}
    adds r2, r2, #1
    subs r1, r1, r0
    wlstp.8 lr, r1, 2f
1:  vldrb.u8 q0, [r2], #16
    vstrb.8 q0, [r0], #16
    letp lr, 1b
2:  pop {r7, pc}
    .size hfn_run_down, . - hfn_run_down

    entry hfn_run_up
    push {r7, lr}
    subs r2, r2, #1
    subs r1, r1, r0
    wlstp.8 lr, r1, 2f
1:  vldrb.u8 q0, [r2], #16
    vstrb.8 q0, [r0], #16
    letp lr, 1b
2:  pop {r7, pc}
    .size hfn_run_up, . - hfn_run_up

    /* A lane of 16 bits is two bytes of from, of which the lower one is stored. The last lane's upper byte, which may lie
     * behind the map, is not read. */
    entry hfn_run_halve
    push {r4-r8, lr}
    ldm r3, {r4-r8} /* struct hfn_halves */
    vdup.32 q1, r8
    add r2, r2, r7
    rsb r6, r7, r6, lsl #1
1:  mov r3, r0
    mov r12, r2
    dlstp.8 lr, r6
2:  vldrb.u8 q0, [r12], #16
    veor q0, q0, q1
    vstrb.16 q0, [r3], #8
    letp lr, 2b
    add r0, r0, r4
    add r2, r2, r5
    cmp r0, r1
    blo 1b
    pop {r4-r8, pc}
    .size hfn_run_halve, . - hfn_run_halve

    /* Eight rows' bytes in 16-bit lanes, each at its own offset. */
    entry hfn_column_fill
    push {r4, lr}
    mov r12, #0
    vidup.u16 q0, r12, #1
    vmul.i16 q0, q0, r2
    vdup.16 q1, r3
    lsl r4, r2, #3
    wlstp.16 lr, r1, 2f
1:  vstrb.16 q1, [r0, q0]
    add r0, r0, r4
    letp lr, 1b
2:  pop {r4, pc}
    .size hfn_column_fill, . - hfn_column_fill

#endif
