"""The documents run: every block of code in README.md and CONTRIBUTING.md is executed in the order it is read.

A block that begins with a comment naming a file is written to that file. Blocks marked text are not run, nor are
those that install something: a README has two such commands, in the first block under its heading "Set up".
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import traceback
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md")
LANGUAGES = {"python", "bash", "sh", "toml", "text"}

FENCE = re.compile(r"^```(?P<language>[^\n]*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
FILE_NAME = re.compile(r"# (?P<path>[\w./-]+\.\w+)\n")


class Block(NamedTuple):
    """One fenced block of a document."""

    document: str
    line: int
    language: str
    code: str

    @property
    def installs(self) -> bool:
        """Whether it sets something up, which a test must not do to the machine."""
        return self.language == "bash" and ("pip install" in self.code or "git clone" in self.code)

    @property
    def file(self) -> str:
        """The file that it is to be written to, or nothing."""
        found = FILE_NAME.match(self.code)
        return found["path"] if found and self.language in {"python", "sh", "toml"} else ""

    def failed(self, how: str, output: str) -> str:
        """Return what a reader must know of a failure: where, what was run, and what came."""
        return f"{self.document}, line {self.line}: {how}\n\n```{self.language}\n{self.code}```\n\noutput:\n{output}"


def blocks(document: str) -> list[Block]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return [
        Block(document, text.count("\n", 0, found.start()) + 1, found["language"], found["code"])
        for found in FENCE.finditer(text)
    ]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to an empty folder in which `arena` and `python` are those of this checkout."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, command in {"arena": f"{sys.executable} -m arena", "python": sys.executable}.items():
        (tools / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def run_bash(block: Block) -> None:
    command = ["bash", "-euo", "pipefail", "-c", block.code]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
    )
    if done.returncode:
        pytest.fail(block.failed(f"bash ended with {done.returncode}", done.stdout), pytrace=False)


def run_python(block: Block, namespace: dict[str, Any]) -> None:
    """Run a block; its lines keep their numbers in the document, so that a traceback points there."""
    output = io.StringIO()
    try:
        with redirect_stdout(output):
            exec(compile("\n" * block.line + block.code, block.document, "exec"), namespace)
    except Exception as error:  # noqa: BLE001 - whatever a document raises is shown
        pytest.fail(block.failed(f"{error!r}", output.getvalue() + traceback.format_exc()), pytrace=False)


def run_document(document: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType(Path(document).stem.lower() + "_document")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # classes of the document can be found by name
    for block in blocks(document):
        if block.file:
            Path(block.file).parent.mkdir(parents=True, exist_ok=True)
            Path(block.file).write_text(block.code, encoding="utf-8")
        elif block.language == "bash" and not block.installs:
            run_bash(block)
        elif block.language == "python":
            run_python(block, vars(module))


def test_the_readme_runs(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_document("README.md", monkeypatch)


def test_contributing_runs_in_a_checkout(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "pyproject.toml", here)
    for name in ("arena", "games", "players", "trainers", "tournaments", "tests"):
        shutil.copytree(ROOT / name, here / name, ignore=shutil.ignore_patterns("__pycache__"))
    run_document("CONTRIBUTING.md", monkeypatch)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_block_says_what_it_is(document: str) -> None:
    found = blocks(document)
    assert found, f"{document} shows no code"
    fences = re.findall(r"^ *```", (ROOT / document).read_text(encoding="utf-8"), re.MULTILINE)
    assert len(fences) == 2 * len(found), f"{document} has a fence that is indented or not closed"
    strange = [
        f"line {block.line}: {block.language or 'nothing'}" for block in found if block.language not in LANGUAGES
    ]
    assert strange == [], f"mark a block as one of {', '.join(sorted(LANGUAGES))}"
    unnamed = [f"line {block.line}" for block in found if block.language in {"sh", "toml"} and not block.file]
    assert unnamed == [], "begin a toml or sh block with a comment that names its file, such as # poker.toml"


def test_the_readme_sets_up_with_two_commands() -> None:
    """A fresh machine needs these and nothing else, so each is one line and they stand under a fixed heading."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (first, *others) = [block for block in blocks("README.md") if block.installs]
    assert others == [], "only one block sets something up"
    before = text.splitlines()[: first.line - 1]
    assert [line for line in before if line.startswith("#")][-1] == "## Set up"
    commands = first.code.splitlines()
    assert len(commands) == 2
    assert all(command.startswith("pip install ") and not command.endswith("\\") for command in commands)


def test_contributing_sets_up_with_one_command() -> None:
    (block,) = [block for block in blocks("CONTRIBUTING.md") if block.installs]
    assert block.code.count("\n") == 1


@pytest.mark.parametrize("document", [*DOCUMENTS, "CHANGELOG.md"])
def test_links_between_documents_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []


# The runner can fail.


def block_of(language: str, code: str) -> Block:
    return Block("README.md", 10, language, code)


@pytest.mark.usefixtures("here")
def test_a_failing_command_is_shown_with_its_output() -> None:
    with pytest.raises(pytest.fail.Exception) as caught:
        run_bash(block_of("bash", "echo before\nls nowhere\necho after\n"))
    told = str(caught.value)
    assert "README.md, line 10: bash ended with" in told
    assert "ls nowhere" in told
    assert "output:\nbefore\n" in told
    assert "\nafter\n" not in told.partition("output:")[2]


@pytest.mark.usefixtures("here")
def test_a_failing_pipe_is_a_failure() -> None:
    with pytest.raises(pytest.fail.Exception, match="bash ended with 3"):
        run_bash(block_of("bash", "(exit 3) | cat\n"))


def test_failing_python_is_shown_with_its_line_in_the_document() -> None:
    with pytest.raises(pytest.fail.Exception) as caught:
        run_python(block_of("python", "print('before')\nx = 1 / 0\n"), {})
    told = str(caught.value)
    assert "README.md, line 10: ZeroDivisionError('division by zero')" in told
    assert "output:\nbefore\n" in told
    assert 'File "README.md", line 12' in told
