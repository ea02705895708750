"""Links between the documents of the tree: ``python -m scripts.docs.links`` names those that lead nowhere.

Anchors are those that GitHub makes of headings; the site is told to make the same (mkdocs.yml).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[2]
IGNORED = {"site", "build", "dist", "runs"}  # folders of what is built; hidden ones hold no documents
TEMPLATES = {"benchmarks"}  # what commands make documents of: links are those of the documents
HIDDEN = {".github"}  # holds documents all the same

_FENCE = re.compile(r"^(?P<indent> {0,3})(?P<fence>```+|~~~+).*?^ {0,3}(?P=fence)`*~*\s*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"(?<!\\)\]\((?P<target>[^()\s]+)(?P<title>\s+\"[^\"]*\")?\)")
_REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s+(?P<target>\S+)", re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(?P<text>.*?)\s*#*\s*$", re.MULTILINE)
_EXTERNAL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")


def documents(root: Path = ROOT) -> Iterator[Path]:
    """All Markdown files that belong to the tree."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            name for name in folders if name in HIDDEN or not (name in IGNORED | TEMPLATES or name.startswith("."))
        )
        yield from (Path(folder) / name for name in sorted(names) if name.endswith(".md"))


def blanked(text: str, inline: bool = True) -> str:
    """The text with blanks for its code, in which nothing is a link; every character keeps its place."""
    text = _FENCE.sub(_blank, text)
    return _CODE.sub(_blank, text) if inline else text


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def targets(text: str) -> Iterator[re.Match[str]]:
    """The relative links of a document, each with a group ``target``."""
    bare = blanked(text)
    for pattern in (_LINK, _REFERENCE):
        yield from (match for match in pattern.finditer(bare) if not _EXTERNAL.match(match["target"]))


def replaced(text: str, change: Callable[[str], str]) -> str:
    """The text with other targets in its relative links."""
    for match in sorted(targets(text), key=lambda match: match.start(), reverse=True):
        text = text[: match.start("target")] + change(match["target"]) + text[match.end("target") :]
    return text


def anchor(heading: str) -> str:
    """What GitHub calls a heading: lower case, spaces as hyphens, no punctuation but hyphens and underscores."""
    heading = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@cache
def anchors(document: Path) -> frozenset[str]:
    """All places in a document that a link can name."""
    text = document.read_text(encoding="utf-8")
    found: dict[str, int] = {}
    for match in _HEADING.finditer(blanked(text, inline=False)):
        name = anchor(match["text"])
        found[name] = found.get(name, 0) + 1
    repeated = {f"{name}-{number}" for name, times in found.items() for number in range(1, times)}
    return frozenset({*found, *repeated, *re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text)})


def resolved(document: Path, target: str) -> tuple[Path, str]:
    """The file that a relative link leads to, and the anchor in it."""
    path, _, place = unquote(target).partition("#")
    return (document if not path else Path(os.path.normpath(document.parent / path))), place


def faults(document: Path, root: Path = ROOT) -> Iterator[str]:
    """A line for each relative link that leads nowhere or out of the tree."""
    text = document.read_text(encoding="utf-8")
    for match in targets(text):
        path, place = resolved(document, match["target"])
        line = f"{document.relative_to(root)}:{text.count(chr(10), 0, match.start()) + 1}: {match['target']}"
        if not path.is_relative_to(root):
            yield f"{line} leads out of the tree"
        elif not path.exists():
            yield f"{line} does not exist"
        elif place and path.suffix == ".md" and place not in anchors(path):
            yield f"{line} names no heading of {path.name}"


def main() -> int:
    """Print what is wrong; the exit status is 1 if anything is."""
    found = [fault for document in documents() for fault in faults(document)]
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
