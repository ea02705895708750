"""The page of the C interface, from the comments and declarations of the headers themselves."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = (
    "firmware/include/edgehfn.h",
    "firmware/include/edgehfn_gnn.h",
    "firmware/include/edgehfn_sound.h",
)
MODEL = "digits"  # of the zoo: the smallest

_FRAME = re.compile(r"#(ifn?def \w+_H|define \w+_H|include|endif|ifdef __cplusplus)\b.*|extern \"C\" \{|\}")
_PROTOTYPE = re.compile(
    r"(?:void|int|uint32_t) (?P<name>\w+)\((?P<arguments>[^;{]*)\);(?: /\*(?P<about>.*?)\*/)?", re.DOTALL
)


def page() -> str:
    """Both headers: the one that an application includes, then the one of the runtime behind it."""
    runtime = [(ROOT / header).read_text(encoding="utf-8") for header in RUNTIME]
    return "\n".join(
        [
            "# C interface",
            "",
            "An application includes the generated header and calls two functions. Everything below is read from the",
            "headers when this page is built.",
            "",
            "## A generated header",
            "",
            f"`kws.h`, as `edgehfn compile` writes it for the zoo's `{MODEL}` with `--name kws`.",
            "",
            *rendered(generated()),
            "## The runtime",
            "",
            f"{' and '.join(f'`{header}`' for header in RUNTIME)}: what generated code calls, one function a node.",
            "",
            *(line for header in runtime for line in rendered(header)),
        ]
    )


def generated() -> str:
    """The header of a small model."""
    import calibrate
    import edgehfn as hfn

    with tempfile.TemporaryDirectory() as folder:
        model, calibration = hfn.zoo.get(MODEL, folder)
        graph = hfn.lower(hfn.load(model), calibrate.load(calibration).scales)
        hfn.write_c(graph, "kws", into=folder)
        return (Path(folder) / "kws.h").read_text(encoding="utf-8")


def rendered(header: str) -> Iterator[str]:
    """Markdown lines: comments as prose, declarations as code, structs and functions under headings."""
    for block in re.split(r"\n{2,}", header):
        yield from _block(block)


def _block(block: str) -> Iterator[str]:
    """What stands between blank lines: a comment and what it is about. Guards and includes are left out."""
    about, code = _split(block)
    whole = "#if" in code.replace("#ifdef __cplusplus", "") and "#endif" in code  # a condition of its own
    lines = code.splitlines()
    code = "\n".join(line for line in lines if whole or line == "}" or not _FRAME.fullmatch(line.strip()))
    code = code.strip("\n").removesuffix("\n}") if code.count("{") < code.count("}") else code.strip("\n")
    if code.strip() in ("", "}"):
        yield from _prose(about)
        return
    prototypes = list(_PROTOTYPE.finditer(code))
    if prototypes:
        yield from _functions(about, code)
        return
    if named := re.match(r"(?:struct|enum) \w+(?= \{)", code):
        yield from (f"### {named[0]}", "")
    yield from _prose(about)
    yield from ("```c", code, "```", "")


def _functions(about: str, code: str) -> Iterator[str]:
    """Functions under their names: those that follow one comment together, others each with the comment on its line."""
    groups: list[tuple[str, list[re.Match[str]]]] = []
    end, before = 0, about
    for match in _PROTOTYPE.finditer(code):
        before = before or "".join(re.findall(r"/\*(.*?)\*/", code[end : match.start()], re.DOTALL))
        if before or not groups or not groups[-1][0]:
            groups.append((before, []))
        groups[-1][1].append(match)
        end, before = match.end(), ""
    for shared, matches in groups:
        yield from (f"### {', '.join(match['name'] for match in matches)}", "", "```c")
        yield from (re.sub(r"\n\s+", " ", re.sub(r"\s*/\*.*", "", match[0], flags=re.DOTALL)) for match in matches)
        yield from ("```", "")
        yield from _prose(shared)
        for match in matches:
            behind = (match["about"] or "").strip()
            yield from _prose(behind[:1].upper() + behind[1:])


def _split(block: str) -> tuple[str, str]:
    """The comment that a block begins with, and the rest."""
    match = re.match(r"\s*/\*(.*?)\*/\n?", block, re.DOTALL)
    return (match[1], block[match.end() :]) if match else ("", block)


def _prose(comment: str) -> Iterator[str]:
    """A comment as a paragraph: its border and what Markdown would read as emphasis are gone."""
    lines = [re.sub(r"^\s*\* ?", "", line).rstrip() for line in comment.strip().splitlines()]
    text = re.sub(r"([*_<])", r"\\\1", "\n".join(lines)).replace(r"\<", "&lt;").strip()
    text = text.replace("docs/SPEC.md", "[SPEC](SPEC.md)")
    if text:
        yield from (text, "")
