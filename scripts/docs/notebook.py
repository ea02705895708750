"""A notebook as a page, with the outputs that are stored in it: nothing runs when the site is built.

``python -m scripts.docs.notebook docs/notebooks/*.ipynb`` runs notebooks and stores what they put out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def page(notebook: str) -> str:
    """Markdown of a notebook's JSON."""
    return "\n\n".join(part for cell in json.loads(notebook)["cells"] for part in _cell(cell)) + "\n"


def _cell(cell: dict[str, Any]) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
    elif cell["cell_type"] == "code":
        yield f"```python\n{source}\n```"
        yield from (text for output in cell["outputs"] if (text := _output(output)))


def _output(output: dict[str, Any]) -> str:
    data = output.get("data", {})
    if "image/png" in data:
        return f"![figure](data:image/png;base64,{''.join(data['image/png']).strip()})"
    text = "".join(output.get("text") or data.get("text/plain") or "").rstrip()
    return f"```text\n{text}\n```" if text else ""


def executed(notebook: str) -> str:
    """The JSON of a notebook after a run of all its cells in a fresh kernel; no time of day is in it."""
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.reads(notebook, as_version=4)
    NotebookClient(book, timeout=300, kernel_name="python3").execute()
    for cell in book.cells:
        cell.metadata.pop("execution", None)  # when it ran
    book.metadata = nbformat.from_dict({"kernelspec": book.metadata["kernelspec"], "language_info": {"name": "python"}})
    text: str = nbformat.writes(book)
    return text + "\n"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(executed(Path(name).read_text(encoding="utf-8")), encoding="utf-8")
