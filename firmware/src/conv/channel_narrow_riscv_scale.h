/* Part of channel_narrow_riscv.S: from the lanes of a group, in the frame, to its outputs.
 *
 * By N2 what is clamped fits 16 bits behind the shift. min(v, 0) = v & v >> 31 is two instructions, so without Zbb both
 * clamps are of that form: with S = 2^s, v = lo·S - t, then v' = (lo - 128)·S + 1 - min(v, 0), then
 * y = (128·S - 1 + min(v', 0)) >> s. Where lo·S could leave a word, and so with s = 16 unless lo = 0, the same is done
 * behind the shift (KIND 2).
 *
 * In what follows a0 walks the lanes up to s1; s2 = multiplier, s3 = offset, s4 = shift, s5 = LOWEST, s6 = outputs,
 * s7 = residuals, s8 = their ratio, s9 = words to come in the row, s10 = 0xFFFF, s11 = KIND, t3 = TOP, t4 = words of a
 * row, t5 = gap. */
/* clang-format off */

    /* t of a pixel, or v of KIND 0 and 1. */
    .macro multiply u, at, kind
    mul \u, \u, s2
    add \u, \u, s3
    .if \kind
    lb t1, \at(s7)
    mul t1, t1, s8
    add \u, \u, t1
    .endif
    .endm

    .macro lower u
    srai t1, \u, 31
    and \u, \u, t1
    .endm

    .macro scale u, at, kind
    multiply \u, \at, \kind
#ifdef __riscv_zbb
    sra \u, \u, s4
    max \u, \u, s5
    min \u, \u, t3
#else
    .if \kind == 2
    sra \u, \u, s4
    sub \u, t0, \u
    .endif
    lower \u
    sub \u, s5, \u
    lower \u
    add \u, \u, t3
    .if \kind < 2
    sra \u, \u, s4
    .endif
#endif
    .endm

    /* Four pixels: P0 in a4, P1 in a5, P2 in a2 and P3 in a3. */
    .macro scale_words kind
.Lscale\kind:
    lw a2, (a0)
    lw a3, 4(a0)
    and a4, a2, s10
    srli a2, a2, 16
    slli a5, a2, 8
    sub a3, a3, a5
    and a5, a3, s10
    srli a3, a3, 16
    scale a4, 0, \kind
    scale a5, 1, \kind
    scale a2, 2, \kind
    scale a3, 3, \kind
    addi s9, s9, -1
    beqz s9, .Lrow
    sb a4, (s6)
    sb a5, 1(s6)
    sb a2, 2(s6)
    sb a3, 3(s6)
    addi s6, s6, 4
    .if \kind
    addi s7, s7, 4
    .endif
    addi a0, a0, 8
    bne a0, s1, .Lscale\kind
    j .Lscaled
    .endm

.Lscale: /* up to a5 words */
    srli a2, a6, 2
    bgeu a2, a5, 1f
    mv a5, a2
1:  slli a2, a5, 2
    sub a6, a6, a2
    add a1, a1, a2
    mv a0, sp
    slli s1, a5, 3
    add s1, s1, sp
    lw s2, MULTIPLIER(sp)
    lw s3, OFFSET(sp)
    lw s4, HFN_CH_SHIFT(a7)
    lw s5, LOWEST(sp)
    lw s6, Y(sp)
    lw s7, RESIDUAL(sp)
    lw s8, RATIO(sp)
    lw s9, LEFT(sp)
    lw s11, KIND(sp)
    lw t3, TOP(sp)
    lw t5, HFN_CH_GAP(a7)
    lw t4, HFN_CH_COLUMNS(a7)
    add t4, t4, t5
    srli t4, t4, 2
    li s10, 0xFFFF
.Lkind:
    beqz s11, .Lscale0
#ifndef __riscv_zbb
    lw t0, HFN_CH_LO(a7)
    addi a2, s11, -2
    beqz a2, .Lscale2
#endif
    scale_words 1
    scale_words 0
#ifndef __riscv_zbb
    scale_words 2
#endif

    /* The last word of a row has t5 = 0..3 pixels to drop. */
.Lrow:
    mv s9, t4
    sb a4, (s6)
    addi t1, t5, -2
    bgtz t1, 1f
    sb a5, 1(s6)
    beqz t1, 1f
    sb a2, 2(s6)
    bnez t5, 1f
    sb a3, 3(s6)
1:  sub t1, s6, t5
    addi s6, t1, 4
    sub t1, s7, t5
    addi s7, t1, 4
    addi a0, a0, 8
    bne a0, s1, .Lkind
.Lscaled:
    sw s6, Y(sp)
    sw s7, RESIDUAL(sp)
    sw s9, LEFT(sp)
    j .Lgroup

    /* Sets the frame's constants; the offset is that of P = p + 32768. KIND is 1 if there are residuals. */
.Lprepare_scale:
    lw a2, HFN_CH_Y(a7)
    sw a2, Y(sp)
    lw a3, HFN_CH_RESIDUAL(a7)
    lw a4, HFN_CH_RATIO(a7)
    snez a5, a3
    bnez a3, 1f
    mv a3, a2 /* something to read */
    li a4, 0
1:  sw a3, RESIDUAL(sp)
    lw t0, HFN_CH_LO(a7)
    lw t1, HFN_CH_SHIFT(a7)
    lw a2, HFN_CH_MULTIPLIER(a7)
    lw a3, HFN_CH_OFFSET(a7)
    slli t2, a2, 15
    sub a3, a3, t2
#ifdef __riscv_zbb
    mv t2, t0
    li t3, 127
#else
    li t3, 16
    bne t1, t3, 2f
    beqz t0, 2f
    li a5, 2
    addi t2, t0, -127
    li t3, 127
    j 3f
2:  sll t4, t0, t1
    sub a3, t4, a3
    neg a2, a2
    neg a4, a4
    li t3, 128
    sll t3, t3, t1
    sub t2, t4, t3
    addi t2, t2, 1
    addi t3, t3, -1
3:
#endif
    sw a2, MULTIPLIER(sp)
    sw a3, OFFSET(sp)
    sw a4, RATIO(sp)
    sw a5, KIND(sp)
    sw t2, LOWEST(sp)
    sw t3, TOP(sp)
    lw a2, HFN_CH_COLUMNS(a7)
    lw a3, HFN_CH_COLUMN(a7)
    lw a4, HFN_CH_GAP(a7)
    sub a2, a2, a3
    add a2, a2, a4
    srli a2, a2, 2
    sw a2, LEFT(sp)
    j .Lgroup
