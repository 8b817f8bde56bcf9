"""The same game in another process: sets come in another order there."""

import os
import subprocess
import sys

import pytest

from arena.registry import load_game
from arena.testing import elsewhere, examine_game
from arena.testing.elsewhere import Answer, answers, check_elsewhere, differ
from arena.testing.findings import Findings
from tests.broken_games import Race

CODE = '''
from arena.game import OVER, Game, IllegalAction

print("this is no answer")

class Marks(Game[str]):
    """Two players mark one of eight free cells in turn until all are taken; whoever took the last one wins."""

    name = "marks"
    actions = tuple("abcdefgh")

    def start(self):
        return ""

    def turn(self, s):
        return OVER if len(s) == 8 else len(s) % 2

    def legal(self, s, seat):
        return [action for action in self.actions if action not in s]

    def step(self, s, action):
        if action not in self.actions or action in s:
            raise IllegalAction("take a free cell")
        return s + action

    def returns(self, s):
        return (-1.0, 1.0)

    def view(self, s, seat):
        return f"you are {seat}; taken: {s}"

class SetOfMoves(Marks):
    __doc__ = Marks.__doc__

    def legal(self, s, seat):
        return list(set(self.actions) - set(s))

class SetInView(Marks):
    __doc__ = Marks.__doc__

    def view(self, s, seat):
        return f"you are {seat}; taken: {s}; free: {set(self.actions) - set(s)}"
'''


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "marks.py"
    path.write_text(CODE, encoding="utf-8")
    return path


def codes(game):
    return [finding.code for finding in examine_game(game, games=5, results=False).findings]


def test_a_sound_game_is_the_same_everywhere(file):
    assert codes(load_game(f"{file}:Marks")) == []


@pytest.mark.parametrize(
    ("game", "question"), [("SetOfMoves", "legal is ('"), ("SetInView", 'the view of seat 0 is "you are 0')]
)
def test_the_order_of_a_set_is_found(file, game, question):
    findings = Findings()
    check_elsewhere(load_game(f"{file}:{game}"), findings, 0)
    (finding,) = findings.sorted()
    assert (finding.severity, finding.code) == ("error", "unordered")
    assert finding.seen.startswith(question)
    assert finding.moves == ()
    assert codes(load_game(f"{file}:{game}")) == ["unordered"]


def test_a_file_that_is_found_only_from_here_is_found_there_too(file, monkeypatch):
    monkeypatch.chdir(file.parent)
    monkeypatch.syspath_prepend(file.parent)
    for spec in ("marks.py:Marks", "marks:Marks"):
        findings = Findings()
        check_elsewhere(load_game(spec), findings, 0)
        assert findings.sorted() == ()


def test_a_game_without_a_name_is_compared_with_nothing():
    findings = Findings()
    check_elsewhere(Race(), findings, 0)
    (finding,) = findings.sorted()
    assert (finding.severity, finding.code) == ("note", "one_process")


def test_a_game_that_does_not_load_there_is_a_note(file):
    game = load_game(f"{file}:Marks")
    file.unlink()
    findings = Findings()
    check_elsewhere(game, findings, 0)
    (finding,) = findings.sorted()
    assert (finding.severity, finding.code) == ("note", "one_process")
    assert "UnknownName: there is no file" in finding.seen


def test_nobody_waits_for_ever(file, monkeypatch):
    game = load_game(f"{file}:Marks")
    file.write_text("import time; time.sleep(100)", encoding="utf-8")
    monkeypatch.setattr(elsewhere, "_PATIENCE", 0.1)
    findings = Findings()
    check_elsewhere(game, findings, 0)
    assert "did not answer within 0.1 s" in findings.sorted()[0].seen


def test_the_same_seed_asks_the_same():
    assert answers(Race(), 3) == answers(Race(), 3)
    assert [answer.question for answer in answers(Race(), 3)[:4]] == [
        "turn", "the view of seat 0", "the view of seat 1", "legal",
    ]  # fmt: skip


def test_the_first_difference_is_named():
    findings = Findings()
    here = [Answer([], "turn", "1", "0"), Answer(["x"], "legal", "2", "('a', 'b')")]
    assert not differ(here, here[:1], findings)
    assert differ(here, [here[0], here[1]._replace(digest="3", shown="('b', 'a')")], findings)
    (finding,) = findings.sorted()
    assert finding.seen == "legal is ('a', 'b') in this process, and ('b', 'a') in another"
    assert finding.moves == ("x",)


def test_the_other_process_loads_no_torch():
    code = "import sys, arena.testing.elsewhere; sys.exit('torch' in sys.modules)"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    assert subprocess.run([sys.executable, "-P", "-c", code], env=env, check=False).returncode == 0
