"""The hook of mkdocs.yml: pages that are made when the site is built, and links that work in the tree and on the site.

README and the documents beside it become pages. A link to a source file leads to a page that shows it; one to a folder
becomes plain text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

from scripts.docs import c_headers, command_line, links, notebook

BESIDE = {"README.md": "index.md", "CHANGELOG.md": "CHANGELOG.md", "CONTRIBUTING.md": "CONTRIBUTING.md"}
_LIST = re.compile(r"^(?!(?:[-*+]|\d+\.) )\S.*\n(?=(?:[-*+]|1\.) )", re.MULTILINE)  # begins right behind a paragraph
LANGUAGES = {".py": "python", ".h": "c", ".c": "c", ".S": "text", ".toml": "toml", ".sh": "bash", ".yml": "yaml"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Give headings the anchors that they have in the tree."""
    config.mdx_configs["toc"]["slugify"] = lambda heading, separator: links.anchor(heading)
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the made pages."""
    made = {site: (links.ROOT / tree).read_text(encoding="utf-8") for tree, site in BESIDE.items()}
    made["CLI.md"] = command_line.page()
    made["C_API.md"] = c_headers.page()
    for file in list(files):
        if file.src_uri.endswith(".ipynb"):
            files.remove(file)
            made[file.src_uri.replace(".ipynb", ".md")] = notebook.page(Path(str(file.abs_src_path)).read_text("utf-8"))
    for site, text in made.items():
        files.append(File.generated(config, site, content=text))
    for source in sorted(set(_sources(files))):
        page = File.generated(config, _site(source), content=_shown(source), inclusion=InclusionLevel.NOT_IN_NAV)
        files.append(page)
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links into the tree into links on the site."""
    if page.file.src_uri.startswith("source/"):
        return markdown
    origin, here = _tree(page.file), os.path.dirname(page.file.src_uri)

    def change(target: str) -> str:
        path, place = links.resolved(origin, target)
        if target.startswith("#") or not path.is_relative_to(links.ROOT):
            return target
        return os.path.relpath(_site(path), here or ".") + (f"#{place}" if place else "")

    return links.replaced(_without_folders(_with_lists(markdown), origin), change)


def _with_lists(markdown: str) -> str:
    """An empty line before lists, which GitHub does not need."""
    for match in reversed(list(_LIST.finditer(links.blanked(markdown, inline=False)))):
        markdown = markdown[: match.end()] + "\n" + markdown[match.end() :]
    return markdown


def _without_folders(markdown: str, origin: Path) -> str:
    """Links to folders as their text."""
    for match in sorted(links.targets(markdown), key=lambda match: match.start(), reverse=True):
        if not links.resolved(origin, match["target"])[0].is_dir():
            continue
        start = markdown.rindex("[", 0, match.start())
        markdown = markdown[:start] + markdown[start + 1 : match.start()] + markdown[match.end() :]
    return markdown


def _tree(file: File) -> Path:
    """Where the text of a page lies in the tree."""
    for tree, site in BESIDE.items():
        if file.src_uri == site:
            return links.ROOT / tree
    return links.ROOT / "docs" / file.src_uri


def _site(path: Path) -> str:
    """Where a file of the tree lies on the site."""
    tree = path.relative_to(links.ROOT).as_posix()
    if tree in BESIDE:
        return BESIDE[tree]
    if tree.startswith("docs/"):
        return re.sub(r"\.ipynb$", ".md", tree.removeprefix("docs/"))
    return f"source/{tree}" if tree.endswith(".md") else f"source/{tree}.md"


def _sources(files: Files) -> Iterator[Path]:
    """Files outside docs/ that pages link to."""
    for file in files.documentation_pages():
        for match in links.targets(file.content_string):
            path, _ = links.resolved(_tree(file), match["target"])
            if path.is_relative_to(links.ROOT) and path.is_file() and _site(path).startswith("source/"):
                yield path


def _shown(path: Path) -> str:
    """A page with one source file, which the search of the site leaves out."""
    head = f"---\nsearch:\n  exclude: true\n---\n# {path.relative_to(links.ROOT)}\n\n"
    text = path.read_text(encoding="utf-8")
    return f"{head}````{LANGUAGES.get(path.suffix, 'text')}\n{text}\n````\n"
