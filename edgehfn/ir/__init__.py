"""The one intermediate representation: integers only, no torch."""

from edgehfn.ir.arena import Plan
from edgehfn.ir.graph import Graph, Tensor
from edgehfn.ir.planner import plan
from edgehfn.ir.validate import verify

__all__ = ["Graph", "Plan", "Tensor", "plan", "verify"]
