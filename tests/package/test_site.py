"""The site: it builds without a warning, and what it says of Python, C and the command line is complete."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.docs import c_headers, command_line

ROOT = Path(__file__).resolve().parents[2]
HEADERS = [ROOT / header for header in c_headers.RUNTIME]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs")
    into = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(into)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return into


@pytest.mark.slow
def test_pages_link_to_pages_and_fetch_nothing(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r'<(?:script|img|iframe)[^>]+src="(?:https?:)?//', text), page
        assert not re.findall(r'<link[^>]+rel="(?:stylesheet|preload)"[^>]+href="(?:https?:)?//', text), page
        if page.name == "404.html":  # its links are those of the host's root
            continue
        for target in re.findall(r'(?:href|src)="([^"#:]+?)(?:[#?][^"]*)?"', text):
            assert (page.parent / target).exists(), f"{page}: {target}"
    home = (site / "index.html").read_text(encoding="utf-8")
    for name in ("SPEC", "DESIGN", "ACCURACY", "BENCH", "GRAPHS", "ABLATION"):
        assert f'href="{name}.html"' in home


@pytest.mark.slow
@pytest.mark.parametrize(
    "package", ["edgehfn", "calibrate", "edgehfn.data", "edgehfn.ir", "edgehfn.nn", "edgehfn.search", "edgehfn.zoo"]
)
def test_every_public_name_has_an_entry(package: str, site: Path) -> None:
    page = (site / "api" / f"{package.rpartition('.')[2]}.html").read_text(encoding="utf-8")
    module = importlib.import_module(package)
    names = getattr(module, "__all__", ["Card", "cards", "card", "get"])
    for name in names:
        value = getattr(module, name)
        if not (inspect.isclass(value) or inspect.isfunction(value)) and (
            inspect.ismodule(value) or package != "edgehfn"
        ):
            continue  # a page of its own, or a table that has no text
        home = getattr(value, "__module__", package)
        assert re.search(rf'id="(?:{package}\.{name}|{home}\.{name})"', page), name


@pytest.mark.slow
def test_fields_carry_the_comments_behind_them(site: Path) -> None:
    page = (site / "api" / "calibrate.html").read_text(encoding="utf-8")
    assert "real value of one integer step" in page
    assert re.search(r"<td><code>snr_db</code></td>\s*<td><code>float &#124; None</code></td>\s*<td>signal to", page)


def test_lists_begin_where_github_begins_them() -> None:
    pages = pytest.importorskip("scripts.docs.pages", exc_type=ImportError)
    text = "Words:\n- one\n  more\n- two\n\n```\nCode:\n- no\n```\n\n1. a\n2. b\n"
    assert pages._with_lists(text) == text.replace("Words:\n", "Words:\n\n")


@pytest.mark.parametrize("path", HEADERS, ids=lambda path: path.name)
def test_the_page_of_c_has_every_declaration_of_the_header(path: Path) -> None:
    header = path.read_text(encoding="utf-8")
    page = "\n".join(c_headers.rendered(header))
    functions = re.findall(r"^\w+ (hfn_\w+)\(", header, re.MULTILINE)
    assert len(functions) > 3
    assert [name for name in functions if not re.search(rf"^### (?:.*, )?{name}(?:, .*)?$", page, re.MULTILINE)] == []
    structs = re.findall(r"^(?:struct|enum) hfn_\w+(?= \{)", header, re.MULTILINE)
    assert [name for name in structs if f"### {name}\n" not in page] == []
    code = "\n".join(re.findall(r"```c\n(.*?)\n```", page, re.DOTALL))
    flat = re.sub(r"\s+", " ", code)
    for line in header.splitlines():  # of structs, macros and enumerations, whole
        if re.match(r"    \w.*[;,]|#define HFN_|enum|struct", line) and "(" not in line.partition("/*")[0]:
            assert re.sub(r"\s+", " ", line.strip()) in flat, line
    assert code.count("{") == code.count("}")


@pytest.mark.parametrize("path", HEADERS, ids=lambda path: path.name)
def test_the_page_of_c_has_every_word_of_the_comments(path: Path) -> None:
    header = path.read_text(encoding="utf-8")
    page = "\n".join(c_headers.rendered(header)).replace("\\", "").replace("[SPEC](SPEC.md)", "docs/SPEC.md").lower()
    for comment in re.findall(r"/\*(.*?)\*/", header, re.DOTALL):
        for word in re.findall(r"\w+", comment.lower()):
            assert word in page


def test_the_page_of_commands_has_every_option() -> None:
    from edgehfn.cli import cli

    page = command_line.page()
    for name, command in cli.commands.items():
        if command.hidden:
            continue
        section = page.partition(f"\n## edgehfn {name}\n")[2].partition("\n## edgehfn ")[0]
        assert section, name
        for parameter in command.params:
            if parameter.param_type_name == "option" and not getattr(parameter, "hidden", False):
                assert all(option in section for option in parameter.opts), (name, parameter.opts)
    assert "\n## edgehfn zoo get\n" in page
    assert "\b" not in page
    assert re.search(r"\|\n\n```text\nExample:\n", page)  # an empty line ends a table


def test_functions_that_share_a_comment_share_an_entry() -> None:
    header = (
        "/* Both: add. */\nvoid hfn_a(int x);\nint hfn_b(int x,\n          int y);\n\nvoid hfn_c(void); /* alone */\n"
    )
    page = "\n".join(c_headers.rendered(header))
    assert "### hfn_a, hfn_b\n\n```c\nvoid hfn_a(int x);\nint hfn_b(int x, int y);\n```\n\nBoth: add.\n" in page
    assert "### hfn_c\n\n```c\nvoid hfn_c(void);\n```\n\nAlone\n" in page
