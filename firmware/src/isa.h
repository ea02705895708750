/* Which instruction set the fast paths are written for: the one place where a core is chosen. */
#ifndef HFN_ISA_H
#define HFN_ISA_H

#define HFN_ISA_C 0
#define HFN_ISA_DSP 1 /* Armv7E-M and Armv8-M Mainline with the DSP extension */

#if defined(__thumb2__)
#define HFN_THUMB2 1
#else
#define HFN_THUMB2 0
#endif

#if HFN_THUMB2 && defined(__ARM_FEATURE_DSP)
#define HFN_ISA HFN_ISA_DSP
#else
#define HFN_ISA HFN_ISA_C
#endif

#endif
