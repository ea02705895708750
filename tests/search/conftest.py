"""A small search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.studies import SMALL, url

from edgehfn import data
from edgehfn.search import Budget, Search, Tried


@pytest.fixture(scope="module", autouse=True)
def predicted() -> Iterator[None]:
    """Costs of trained nets without compilers, for speed; the command is tested with them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Budget, "measured", Budget.predicted)
        yield


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Tried]]:
    """A study of five nets; tests must not change it."""
    folder = tmp_path_factory.mktemp("study")
    made = Search(data.images("digits"), SMALL, url(folder), rung=1)
    made.run(5, None)
    return folder, made.tried()
