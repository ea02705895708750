"""Building and running programs on real tools: a graph's C on the host and, in QEMU, on every core."""

from edgehfn.target.board import BOARDS, CORES
from edgehfn.target.count import Bench, bench
from edgehfn.target.execute import check, run, run_planned, selftest

__all__ = ["BOARDS", "CORES", "Bench", "bench", "check", "run", "run_planned", "selftest"]
