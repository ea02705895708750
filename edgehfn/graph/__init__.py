"""The one intermediate representation: integers only, no torch."""

from edgehfn.graph.arena import Plan, plan
from edgehfn.graph.graph import Graph, Tensor
from edgehfn.graph.verify import verify

__all__ = ["Graph", "Plan", "Tensor", "plan", "verify"]
