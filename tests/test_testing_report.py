"""A report as text."""

from dataclasses import replace

import pytest

from arena.game import OVER, Game, IllegalAction, Text
from arena.interval import Interval
from arena.registry import load_game
from arena.testing import examine_game, verdict, write_findings, write_report
from arena.testing.findings import Finding, Severity
from tests.broken_games import RULES, Poker, Race

ERROR = Finding(Severity.ERROR, "sum", "it is 1", "make it 0", ("a", "b"), 3)
WARNING = Finding(Severity.WARNING, "odd", "it is odd", "make it even")


def test_a_finding_says_what_was_seen_where_and_what_to_do():
    assert list(write_findings([ERROR, WARNING])) == [
        "error [sum] (3 times): it is 1",
        "  on the moves: 'a', 'b'",
        "  do: make it 0",
        "warning [odd]: it is odd",
        "  do: make it even",
    ]


def test_a_long_way_is_cut_short():
    (_, moves, _) = write_findings([replace(ERROR, moves=("a",) * 12_345)])
    assert moves.startswith("  on the moves: 'a', 'a'")
    assert moves.endswith("'a', … (12,345 in all)")
    assert moves.count("'a'") == 100
    (_, moves, _) = write_findings([replace(ERROR, moves=("a",) * 100)])
    assert moves.endswith("'a'")


def test_the_verdict_counts():
    assert verdict("x", []) == "x keeps its promises"
    assert verdict("x", [WARNING]) == "x keeps its promises (1 warning)"
    assert verdict("x", [WARNING, ERROR]) == "x breaks 1 promise"
    assert verdict("x", [ERROR, ERROR]) == "x breaks 2 promises"


def test_a_sound_game():
    text = write_report(examine_game(load_game("kuhn_poker")))
    assert text.startswith("size: 58 states, 24 of them decisions, in 12 information sets")
    assert "\n  deal 2: first does not, second sees it\n" in text
    assert "random play, 2,000 games of 4 to 5 moves (mean 4.3), 0.0% draws:\n  first: mean payoff +0." in text
    assert text.endswith("\n\nkuhn_poker keeps its promises")
    assert "Kuhn poker is played" not in text


def test_verbose_shows_the_prompts():
    text = write_report(examine_game(Poker()), verbose=True)
    assert "what a player is shown at its first decision:\n  [first]\n  Kuhn poker is played with three cards" in text
    assert "  legal moves: pass, bet" in text


def test_a_broken_game_has_no_statistics():
    class Wrong(Race):
        __doc__ = Race.__doc__

        def returns(self, s):
            return 1.0, 1.0

    text = write_report(examine_game(Wrong()))
    assert text.startswith("error [zero_sum]")
    assert "random play" not in text
    assert text.endswith("race breaks 1 promise")


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (Interval(6.30103, 6.0, 6.47712), "about 2.0e6 nodes (95%: 1.0e6 to 3.0e6)"),
        (Interval(29.3, 27.30103, 29.7), "more than 2.0e27 nodes (a few random games carry the estimate)"),
    ],
)
def test_a_large_game_is_estimated(log, words):
    report = replace(examine_game(Race()), findings=(), count=None, log_nodes=log)
    assert write_report(report).startswith(f"size: too large to walk through, {words}\n")


def test_free_text_has_no_size():
    class Speech(Game[str]):
        __doc__ = RULES
        name = "speech"
        roles = ("speaker",)

        def start(self):
            return ""

        def turn(self, s):
            return OVER if s else 0

        def legal(self, s, seat):
            return Text(100)

        def step(self, s, action):
            if s or action not in Text(100):
                raise IllegalAction("say it shorter")
            return action or "nothing"

        def returns(self, s):
            return (0.0,)

        def view(self, s, seat):
            return s

    assert "any text is a move" in write_report(examine_game(Speech()))
