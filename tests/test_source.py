"""Rules that change have another hash, and rules that cannot be read have none."""

import os
import sys

import pytest

from arena.game import OVER, Game
from arena.games.kuhn_poker import KuhnPoker
from arena.registry import load_game
from arena.tree.source import source_hash

RULES = """
from arena.game import OVER, Game
from {helper} import PAYOFF

class Mine(Game):
    name = "mine"
    actions = ("a", "b")
    def start(self): return ()
    def turn(self, s): return OVER if s else 0
    def step(self, s, action): return (*s, action)
    def returns(self, s): return (PAYOFF, -PAYOFF)
    def view(self, s, seat): return " ".join(s)
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a game and its helper as if they were old, and return the hash in what seems a fresh process."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(rules=RULES, helper="PAYOFF = 1.0\ndef f(): pass\n", age=0):
        for name in [name for name in sys.modules if name.startswith("arena_file") or name == "helper_of_mine"]:
            monkeypatch.delitem(sys.modules, name)
        rules = rules.replace("{helper} import PAYOFF", "helper_of_mine import PAYOFF, f")
        for name, text in (("mine", rules), ("helper_of_mine", helper)):
            path = tmp_path / f"{name}.py"
            path.write_text(text)
            os.utime(path, (age, age))
        return source_hash(load_game(f"{tmp_path / 'mine.py'}:Mine"))

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return write


def test_the_same_rules_have_the_same_hash(written):
    assert written() is not None
    assert written() == written()


def test_a_rule_that_changes_is_another_hash(written):
    assert written() != written(RULES.replace("OVER if s else 0", "OVER if len(s) > 1 else 0"))


def test_a_helper_that_changes_is_another_hash(written):
    assert written() != written(helper="PAYOFF = 2.0\ndef f(): pass\n")


def test_a_file_that_was_written_while_we_run_may_not_be_what_runs(written):
    assert written(age=2**33) is None


def test_games_that_come_with_arena_have_one():
    assert source_hash(KuhnPoker()) == source_hash(load_game("kuhn_poker")) is not None
    assert source_hash(KuhnPoker()) != source_hash(load_game("leduc_poker"))


def test_what_a_class_was_made_with_is_not_in_its_source():
    def made(payoff):
        class Inside(KuhnPoker):
            def returns(self, s):
                return (payoff, -payoff)

        return Inside()

    assert source_hash(made(1.0)) is None
    assert source_hash(type("Spoilt", (KuhnPoker,), {"returns": lambda self, s: (1.0, -1.0)})()) is None


def test_what_a_bridge_leads_to_is_not_in_its_source():
    pytest.importorskip("pyspiel", reason="open_spiel is not installed")
    assert source_hash(load_game("open_spiel(name='kuhn_poker')")) is None


class Here(Game):
    name = "here"

    def start(self):
        return ()

    def turn(self, s):
        return OVER

    def step(self, s, action):
        return s

    def returns(self, s):
        return (0.0, 0.0)

    def view(self, s, seat):
        return ""


def test_a_class_whose_source_is_gone_has_none(monkeypatch):
    assert source_hash(Here()) is not None
    monkeypatch.setattr(Here, "__module__", "a_notebook")
    assert source_hash(Here()) is None
