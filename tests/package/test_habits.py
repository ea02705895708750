"""Files that other programs read: they parse, and say what the tree says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

import edgehfn
from edgehfn.spec import limits

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def targets() -> dict[str, list[str]]:
    """The make targets that have commands, and these."""
    found = re.findall(r"^([a-z-]+):.*\n((?:\t.*\n)*)", read("Makefile"), re.MULTILINE)
    return {name: [line.strip().lstrip("@") for line in lines.splitlines()] for name, lines in found}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_have_jobs_whose_steps_exist(path: Path) -> None:
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text())
    assert True in workflow  # what YAML 1.1 makes of the key `on`
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job.get("timeout-minutes") or job.get("environment")
        for step in job["steps"]:
            assert len({"uses", "run"} & set(step)) == 1
            assert re.fullmatch(r"[\w-]+/[\w-]+@[\w./-]+", step.get("uses", "a/b@v1"))
            for target in re.findall(r"^make (.+)$", step.get("run", ""), re.MULTILINE):
                assert set(target.split()) <= {*targets()}
    assert "bash .ci/run" in path.read_text()


def test_a_release_is_published_without_a_token_and_ci_covers_the_pythons() -> None:
    release = yaml.safe_load(read(".github/workflows/release.yml"))
    assert release["jobs"]["publish"]["permissions"] == {"id-token": "write"}
    assert "secrets." not in read(".github/workflows/release.yml")
    matrix = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]["quick"]["strategy"]["matrix"]["python"]
    assert [f"python{version}" for version in matrix] == re.findall(r"python3\.\d+", read("scripts/setup.sh"))


def test_issue_templates_have_a_head() -> None:
    templates = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.md"))
    assert len(templates) == 2
    for template in templates:
        head = yaml.safe_load(template.read_text().split("---\n")[1])
        assert {"name", "about", "labels"} <= set(head)


def test_the_hooks_before_a_commit_are_the_checks() -> None:
    (repository,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert repository["repo"] == "local"
    hooks = [hook["entry"] for hook in repository["hooks"]]
    checks = [
        line.replace("$(PYTHON)", ".venv/bin/python")
        .replace("$(MAKE) --no-print-directory", "make")
        .removesuffix(" $(C_SOURCES)")
        for line in targets()["check"]
    ]
    assert hooks == checks
    assert all(hook["language"] == "system" for hook in repository["hooks"])


def test_the_image_has_what_setting_up_would_install() -> None:
    (needed,) = re.findall(r"^missing\(\) \{\n(.*?)^\}", read("scripts/setup.sh"), re.MULTILINE | re.DOTALL)
    packages = {name for line in re.findall(r"\|\| echo (.+)$", needed, re.MULTILINE) for name in line.split()}
    assert len(packages) > 6
    dockerfile = read("Dockerfile")
    assert packages <= set(re.findall(r"^ +([a-z0-9-]+) (?:\\|&& \\)$", dockerfile, re.MULTILINE))
    assert "FROM debian:12" in dockerfile
    assert "--no-install-recommends" in dockerfile


def test_the_container_builds_the_stage_without_the_tree() -> None:
    container = json.loads(read(".devcontainer/devcontainer.json"))
    assert (ROOT / ".devcontainer" / container["build"]["dockerfile"]).resolve() == ROOT / "Dockerfile"
    assert f"AS {container['build']['target']}\n" in read("Dockerfile")
    assert f" {container['remoteUser']} " in read("Dockerfile")
    assert container["postCreateCommand"].split()[1] in targets()


def test_the_image_leaves_out_what_git_does_and_keeps_the_zoo() -> None:
    ignored = read(".dockerignore").splitlines()
    assert {".git", ".venv", "build", "dist", "runs", "site"} <= set(ignored)
    assert {"!edgehfn/zoo/*.hfn", "!edgehfn/zoo/*.cal.json"} <= set(ignored)


def test_the_citation_is_complete() -> None:
    """The keys that version 1.2.0 of the format requires, of the software and of each reference."""
    cited = yaml.safe_load(read("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert (cited["cff-version"], cited["version"], cited["license"]) == ("1.2.0", edgehfn.__version__, "Apache-2.0")
    for reference in cited["references"]:
        assert {"type", "title", "authors", "year"} <= set(reference)
        assert all({"family-names", "given-names"} <= set(author) for author in reference["authors"])
        assert all(set(one) == {"type", "value"} for one in reference.get("identifiers", []))
    papers = {one["value"] for reference in cited["references"] for one in reference.get("identifiers", [])}
    assert papers == {f"arXiv:{number}" for number in ("2111.12330", "2312.03236", "2402.14029", "1911.13299")}


def test_the_changelog_names_the_versions_of_the_code() -> None:
    changelog = read("CHANGELOG.md")
    (macro,) = re.findall(r"#define HFN_VERSION (\d+)", read("firmware/include/edgehfn.h"))
    assert macro == str(limits.SPEC_VERSION)
    now = dict(re.findall(r"^\| (\w[^|]*?) \| ([\d.]+) \|", changelog, re.MULTILINE))
    assert list(now.values()) == [
        edgehfn.__version__,
        macro,
        limits.MODEL_FILE_VERSION,
        str(limits.CALIBRATION_VERSION),
    ]
    assert "## Unreleased" in changelog or f"## {edgehfn.__version__} " in changelog


def test_contributing_names_targets_that_exist() -> None:
    named = set(re.findall(r"`make ([a-z-]+)", read("CONTRIBUTING.md")))
    assert named <= set(targets())
    assert {"quick", "check", "test", "docs"} <= named


def test_a_source_distribution_builds_checks_and_tests_itself(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    for folder in ("edgehfn", "calibrate", "firmware", "tests", "benchmarks", "docs", "scripts"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in {
                ".py",
                ".c",
                ".h",
                ".S",
                ".ld",
                ".csv",
                ".md",
                ".sh",
                ".ipynb",
                ".hfn",
            }:
                assert path.relative_to(ROOT).as_posix() in names
    beside = {"Makefile", "README.md", "LICENSE", "pyproject.toml", "requirements-tested.txt", "mkdocs.yml"}
    hidden = {".ci/run", ".clang-format", ".pre-commit-config.yaml", ".github/workflows/ci.yml", ".dockerignore"}
    assert beside | hidden <= names
    assert not [name for name in names if re.match(r"(\.venv|\.git/|site|runs|dist|build)", name)]
