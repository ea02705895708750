"""The one intermediate representation: integers only, no torch."""

from edgehfn.ir.arena import Plan, plan
from edgehfn.ir.graph import Graph, Tensor
from edgehfn.ir.validate import verify

__all__ = ["Graph", "Plan", "Tensor", "plan", "verify"]
