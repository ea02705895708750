"""The numbers of docs/SPEC.md that several stages share, each stated once. tests/c/test_constants.py holds those of the
firmware's headers to them."""

from __future__ import annotations

SPEC_VERSION = 1  # of docs/SPEC.md and of the runtime: what a device computes
MODEL_FILE_VERSION = "1"  # section 7
CALIBRATION_VERSION = 1  # section 7.2

SMALLEST_SCALE, LARGEST_SCALE = 2.0**-100, 2.0**100  # of a tensor: ratios of two stay far inside double precision
LEVELS = 127  # the largest magnitude of a tensor's integers (section 3); -128 never occurs
LARGEST = {8: 127, 4: 7, 2: 1, 1: 1}  # magnitude of a quantised weight, by its bits (section 2)

BYTE, HALF = 2**8, 2**16  # table entries are below (section 5.3)
LANE, WORD = 2**15, 2**31  # sums of 16 and of 32 bits are below, in magnitude (section 4)

MOST_KERNEL, MOST_STRIDE = 7, 4  # of a convolution (section 5)
MOST_TAPS, MOST_EXTENT = 49, 256  # of a kernel that is not square: rows times columns; places that a side of it spans
MOST_COATS = 7  # section 2
FROZEN_UNIT = 256  # thresholds of frozen positions are in 1/256 (section 2.1)

COLUMNS = 4  # features over nodes are a map of so many columns (section 5.1)
MOST_NODES = 2**16 - COLUMNS  # node numbers are stored as uint16
MOST_EDGES = 2**15 - 1  # of a topology that comes with the input: both directions are counted in 16 bits
