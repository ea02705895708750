"""For mkdocstrings: the comment behind a field is what the page says of it, so that a field is described once.

The fields of a class become a table below its text.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

import griffe

# A comment behind code: no quote before it is left open.
_COMMENT = re.compile(r"""^(?:[^#"']|"[^"]*"|'[^']*')*  # (?P<text>.+)$""")
_TOOL = re.compile(r"noqa|type:|mypy:|pragma")


class FieldComments(griffe.Extension):
    """Reads the comments behind public fields and constants that have no docstring."""

    def on_attribute_instance(self, *, attr: griffe.Attribute, **kwargs: Any) -> None:
        """Give a constant of a module its comment as docstring."""
        if attr.parent is not None and attr.parent.is_module and not attr.docstring and (text := _comment(attr)):
            attr.docstring = griffe.Docstring(text, lineno=attr.endlineno, parent=attr)

    def on_class_members(self, *, cls: griffe.Class, **kwargs: Any) -> None:
        """Add to a class the table of those fields of which a comment says more than name and type."""
        rows = "".join(
            f"| `{field.name}` | <code>{escape(str(field.annotation)).replace('|', '&#124;')}</code> | {text} |\n"
            for field in cls.attributes.values()
            if field.annotation and not field.name.startswith("_") and not field.docstring and (text := _comment(field))
        )
        if rows:
            about = f"{cls.docstring.value}\n\n" if cls.docstring else ""
            cls.docstring = griffe.Docstring(f"{about}| field | type | |\n|---|---|---|\n{rows}", parent=cls)


def _comment(attr: griffe.Attribute) -> str:
    """What stands behind an attribute, on its last line."""
    if attr.endlineno is None or isinstance(attr.filepath, list):
        return ""
    match = _COMMENT.match(attr.lines_collection[attr.filepath][attr.endlineno - 1])
    return "" if match is None or _TOOL.match(match["text"]) else match["text"].replace("|", r"\|")
