"""A model, or a comparison of models, as a page and as figures."""

from edgehfn.report.page import page, report, table

__all__ = ["page", "report", "table"]
