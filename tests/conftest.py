"""Tests are skipped where the tools that their markers name are missing."""

from __future__ import annotations

import pytest
from support.tools import NEEDED

from edgehfn.target.toolchain import available


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = {marker: [tool for tool in tools if not available(tool)] for marker, tools in NEEDED.items()}
    for item in items:
        for marker, tools in missing.items():
            if tools and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"not installed: {', '.join(tools)}"))
