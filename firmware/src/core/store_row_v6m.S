/* hfn_store_row for Armv6-M: store.c bit for bit, where flash is spared. */
#include "asm.h"
#include "channel_offsets.h"
#include "isa.h"

#if HFN_ISA_SMALL == HFN_ISA_V6M

    /* (channel r0, sums r1, count r2): sums in r0, y in r1 up to r10, m in r2, s in r3, the residual's distance from y in
     * r5, the offset in r8, the residual's factor in r9, lo in r11, 127 - lo in r12. Without a residual the factor is 0,
     * and y's old bytes do for it. */
    function hfn_store_row
    push {r0, r4-r7, lr}
    push_high
    ldr r3, [r0, #HFN_CH_Y]
    adds r2, r2, r3
    mov r10, r2
    ldr r6, [r0, #HFN_CH_RATIO]
    ldr r5, [r0, #HFN_CH_RESIDUAL]
    subs r5, r5, r3
    adds r4, r5, r3
    bne 1f
    movs r6, #0
    movs r5, #0
1:  mov r9, r6
    ldr r4, [r0, #HFN_CH_OFFSET]
    mov r8, r4
    ldr r4, [r0, #HFN_CH_LO]
    mov r11, r4
    movs r6, #127
    subs r6, r6, r4
    mov r12, r6
    ldr r2, [r0, #HFN_CH_MULTIPLIER]
    ldr r4, [r0, #HFN_CH_SHIFT]
    mov r0, r1
    mov r1, r3
    mov r3, r4
2:  ldm r0!, {r4}
    ldrsb r6, [r1, r5]
    mov r7, r9
    muls r6, r7, r6
    muls r4, r2, r4
    add r4, r8
    adds r4, r4, r6
    asrs r4, r4, r3
    movs r6, #127
    subs r4, r6, r4 /* 127 - t, and from below 0 up; then the same of t - lo */
    asrs r6, r4, #31
    bics r4, r4, r6
    mov r6, r12
    subs r4, r6, r4
    asrs r6, r4, #31
    bics r4, r4, r6
    add r4, r11
    strb r4, [r1]
    adds r1, r1, #1
    cmp r1, r10
    bne 2b
    mov r3, r5
    pop_high
    pop {r0}
    str r1, [r0, #HFN_CH_Y]
    ldr r2, [r0, #HFN_CH_RESIDUAL]
    cmp r2, #0
    beq 3f
    adds r1, r1, r3
    str r1, [r0, #HFN_CH_RESIDUAL]
3:  pop {r4-r7, pc}
    .size hfn_store_row, . - hfn_store_row

#endif
