/* Which instruction set the fast paths are written for: the one place where a core is chosen. */
#ifndef HFN_ISA_H
#define HFN_ISA_H

#include "hfn_config.h"

#define HFN_ISA_C 0
#define HFN_ISA_V6M 1  /* Armv6-M: Thumb-1 */
#define HFN_ISA_V7M 2  /* Armv7-M: Thumb-2 */
#define HFN_ISA_DSP 3  /* Armv7E-M and Armv8-M Mainline with the DSP extension */
#define HFN_ISA_MVE 4  /* Armv8.1-M with Helium's integer vectors; has the DSP extension too */
#define HFN_ISA_RV32 5 /* RV32IM: RISC-V of 32 registers with a multiplier; with Zbb or without */

/* What there is. With -mno-unaligned-access, for firmware that sets CCR.UNALIGN_TRP, only what loads from aligned
 * addresses. */
#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1) && defined(__ARM_FEATURE_UNALIGNED)
#define HFN_CORE HFN_ISA_MVE
#elif defined(__thumb2__) && defined(__ARM_FEATURE_DSP) && defined(__ARM_FEATURE_UNALIGNED)
#define HFN_CORE HFN_ISA_DSP
#elif defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB == 1
#define HFN_CORE HFN_ISA_V6M
#elif defined(__thumb2__)
#define HFN_CORE HFN_ISA_V7M
#elif defined(__riscv_mul) && __riscv_xlen == 32 && !defined(__riscv_32e)
#define HFN_CORE HFN_ISA_RV32
#else
#define HFN_CORE HFN_ISA_C
#endif

/* What is taken: all that there is, or with HFN_SMALL 1 portable C, but for the few loops that take most of the time
 * and no more bytes in assembly. HFN_ISA_SMALL says whose, and is V7M or more for Thumb-2. */
#if !HFN_SMALL
#define HFN_ISA HFN_CORE
#define HFN_ISA_SMALL HFN_ISA_C
#elif HFN_CORE == HFN_ISA_RV32
#define HFN_ISA HFN_ISA_C
#define HFN_ISA_SMALL HFN_ISA_C
#else
#define HFN_ISA HFN_ISA_C
#define HFN_ISA_SMALL HFN_CORE
#endif

#if defined(__thumb2__) && !HFN_SMALL
#define HFN_THUMB2 1
#else
#define HFN_THUMB2 0
#endif

/* Halfwords from an entry of a list to the next one of its sign (channel.h). 2: entries of plus and minus alternate, so
 * that a word holds one of each. 1: plus goes up from the front of the room for lists, minus down from its back. */
#if HFN_ISA == HFN_ISA_DSP
#define HFN_PACE 2
#else
#define HFN_PACE 1
#endif

#endif
