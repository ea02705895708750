"""Hardware-aware architecture search: the most accurate net that fits a budget of flash, RAM and instructions."""

try:
    import optuna as _optuna  # noqa: F401
except ImportError as error:
    from edgehfn.errors import ToolError

    raise ToolError("search needs the package optuna: pip install optuna, or '.[search]' in the clone") from error

from edgehfn.search.budget import Budget, Cost
from edgehfn.search.finish import Finished, finish
from edgehfn.search.plot import plot
from edgehfn.search.study import Search
from edgehfn.search.trials import Tried, front, trained

__all__ = ["Budget", "Cost", "Finished", "Search", "Tried", "finish", "front", "plot", "trained"]
