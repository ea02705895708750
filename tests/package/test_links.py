"""Links between documents lead somewhere, and the check that says so sees what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.docs import links


def test_every_link_of_the_tree_leads_somewhere() -> None:
    documents = set(links.documents())
    assert {links.ROOT / "README.md", links.ROOT / "docs" / "SPEC.md", links.ROOT / "CONTRIBUTING.md"} <= documents
    assert [fault for document in documents for fault in links.faults(document)] == []


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("[x](other.md)", ""),
        ("[x](other.md#a-name-of-two-words)", ""),
        ("[x](other.md#twice-1)", ""),
        ("[x](#here)", ""),
        ("[x](sub/)", ""),
        ("![x](other.md 'title')", ""),
        ("[x](https://nowhere.invalid/y.md)", ""),
        ("[x](mailto:a@b.invalid)", ""),
        ("`[x](no.md)`", ""),
        ("```\n[x](no.md)\n```", ""),
        ("[x](no.md)", "no.md does not exist"),
        ("[x](Other.md)", "Other.md does not exist"),
        ("![x](sub/no.png)", "sub/no.png does not exist"),
        ("[`x`](no.md)", "no.md does not exist"),
        ("[x]: no.md", "no.md does not exist"),
        ("[x](other.md#no)", "names no heading of other.md"),
        ("[x](other.md#twice-2)", "names no heading of other.md"),
        ("[x](#in-a-fence)", "names no heading of page.md"),
        ("[x](../../out.md)", "leads out of the tree"),
    ],
)
def test_what_a_link_may_be(link: str, fault: str, tmp_path: Path) -> None:
    root = tmp_path / "tree"
    (root / "sub").mkdir(parents=True)
    (tmp_path / "out.md").touch()
    (root / "other.md").write_text("# A `name`, of *two* [words](x)!\n\n## Twice\n\n## Twice\n")
    page = root / "page.md"
    page.write_text(f"# Here\n\n```sh\n# In a fence\n```\n\n{link}\n")
    found = list(links.faults(page, root))
    assert len(found) == bool(fault)
    assert not fault or (found[0].endswith(fault) and found[0].startswith(f"page.md:{7 + link.startswith('```')}: "))


def test_targets_are_replaced_outside_code_only() -> None:
    text = "[a](x.md) `[b](x.md)` ![c](y.png)\n\n    code\n"
    assert links.replaced(text, lambda target: f"docs/{target}") == (
        "[a](docs/x.md) `[b](x.md)` ![c](docs/y.png)\n\n    code\n"
    )
