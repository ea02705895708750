/* What a target must be for the runtime to compute the right bytes: others do not compile. edgehfn.h asks for little
 * endian. */
#ifndef HFN_GUARDS_H
#define HFN_GUARDS_H

#include <limits.h>

#include "edgehfn.h"

#if CHAR_BIT != 8
#error "EdgeHFN needs bytes of 8 bits: offsets count them"
#endif

#if INT_MAX < 2147483647
#error "EdgeHFN needs int of 32 bits or more: narrower types are promoted to it, and sums overflow in 16 bits"
#endif

#if defined(__arm__) && (!defined(__ARM_ARCH) || __ARM_ARCH < 6)
#error "EdgeHFN needs Armv6-M or later: Armv4T and Armv5 lack instructions that it uses, and rotate unaligned words"
#endif

HFN_ASSERT(integers_are_twos_complement, (-1 & 3) == 3);
HFN_ASSERT(right_shifts_of_negative_numbers_keep_the_sign, (-5 >> 1) == -3);
HFN_ASSERT(narrowing_keeps_the_low_bits, (int8_t)200 == -56 && (int16_t)40000 == -25536);

#endif
