"""A person at the terminal: a real one for the whole, and typed words for the rest."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

import arena
from arena.errors import StoppedError
from arena.game import Choices, Text
from arena.player import Fault, Request, Requests
from arena.players.human import Human
from arena.store import Store

TTT = arena.load_game("tic_tac_toe")


class Person:
    """Types what it was told to, and remembers what it was shown."""

    def __init__(self, *words: str) -> None:
        self.words, self.shown = list(words), ""
        self.player = Human(self.ask, self.say)

    def ask(self, prompt: str) -> str:
        self.shown += prompt
        if not self.words:
            raise EOFError
        return self.words.pop(0)

    def say(self, text: str) -> None:
        self.shown += text + "\n"

    def move(self, legal=None, game=TTT, **more):
        (move,) = self.player.act(Requests([Request(game, game.start(), 0, legal=legal, **more)]))
        return move


def test_a_move_is_asked_for_with_board_and_moves() -> None:
    person = Person("4")
    assert person.move().action == "4"
    assert TTT.draw(TTT.start(), 0) in person.shown
    assert "Moves: 1, 2, 3" in person.shown
    assert "You are first in tic_tac_toe" in person.shown


@pytest.mark.parametrize(
    ("typed", "action"),
    [("Raise", "raise"), ("  call ", "call"), ("r", "raise"), ("FOLD", "fold"), ("f", "fold")],
)
def test_case_blanks_and_first_letters_are_enough(typed: str, action: str) -> None:
    assert Person(typed).move(legal=("fold", "call", "raise")).action == action


def test_what_could_be_two_moves_is_asked_again() -> None:
    person = Person("c", "check")
    assert person.move(legal=("call", "check")).action == "check"
    assert "'c' may be call or check" in person.shown


def test_an_illegal_move_does_not_leave_the_terminal() -> None:
    person = Person("10", "", "8")
    assert person.move().action == "8"
    assert "'10' is no move here" in person.shown


def test_undo_is_refused_and_rules_are_told() -> None:
    person = Person("undo", "?", "1")
    assert person.move().action == "1"
    assert "nothing can be taken back" in person.shown
    assert TTT.rules("first") in person.shown


def test_resigning_gives_the_match_up() -> None:
    assert Person("resign").move().fault is Fault.RESIGN
    records = arena.play(TTT, [Person("1", "resign").player, "uniform"])
    assert str(records[0].stop) == "forfeit"
    assert records[0].returns == (-1.0, 1.0)


def test_the_end_of_the_input_stops_the_run(tmp_path) -> None:
    with pytest.raises(StoppedError, match="the input has ended"):
        arena.play(TTT, [Person("1").player, "uniform"])
    (tmp_path / "mine.toml").write_text('game = "kuhn_poker"\npairs = 2\n[entrants]\na = "human"\nb = "uniform"\n')
    command = [sys.executable, "-m", "arena", "tournament", "mine.toml"]
    done = subprocess.run(command, cwd=tmp_path, input="bet\nbet\n", capture_output=True, text=True)
    assert done.returncode == 2
    assert "arena: the input has ended in the middle of a match" in done.stderr
    with Store.read(tmp_path / "runs/mine") as store:
        assert {str(record.stop) for record in store.records()} <= {"finished"}  # and nothing is given up


def test_free_text_and_huge_sets() -> None:
    assert Person("", "x" * 18, "I offer two coins").move(legal=Text(17)).action == "I offer two coins"
    person = Person("bet 3", "bet7")
    assert person.move(legal=Choices(10**12, "bet")).action == "bet7"
    assert "1,000,000,000,000 in all" in person.shown


def test_talk_is_typed_above_the_move() -> None:
    person = Person("", "Two for one?", "I mean wood.", "?", "Pass")
    assert person.move(legal=Text(40, ("pass", "deny"))).action == "Two for one?\nI mean wood.\npass"
    assert "Say anything, up to 40 characters. A line that is a move ends it. Moves: pass, deny" in person.shown
    assert TTT.rules("first") in person.shown
    person = Person("4", "deny")  # a move that is not open now is no talk
    assert person.move(legal=Text(40, ("pass", "deny"))).action == "deny"
    person = Person("x" * 36, "x" * 35, "deny")
    assert person.move(legal=Text(40, ("pass", "deny"))).action == "x" * 35 + "\ndeny"


def test_a_complaint_is_shown() -> None:
    person = Person("1")
    person.move(complaint="column 3 is full")
    assert "column 3 is full" in person.shown


def test_a_hidden_game_shows_only_ones_own_cards() -> None:
    game = arena.load_game("kuhn_poker")
    s = game.step(game.step(game.start(), "K"), "J")
    person = Person("b")
    person.player.act(Requests([Request(game, s, 0)]))
    assert "J" not in person.shown.replace("Join", "")


def test_several_matches_are_played_one_after_another() -> None:
    person = Person(*(str(i % 9 + 1) for i in range(200)))
    records = arena.play(TTT, [person.player, "uniform"], matches=3)
    assert {str(record.stop) for record in records} == {"finished"}
    assert person.shown.count("You are first") == 3


def test_on_a_real_terminal() -> None:
    """A process on a pseudo-terminal: the prompt is seen, a move is typed, and the match ends by resigning."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "arena", "play", "tic_tac_toe", "human", "uniform"]
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "COLUMNS": "100"})
    os.close(slave)
    shown = b""

    def until(word: bytes) -> None:
        nonlocal shown
        begin = len(shown)
        while word not in shown[begin:]:
            shown += os.read(master, 4096)

    until(b"first> ")
    os.write(master, b"4\n")
    until(b"first> ")
    os.write(master, b"undo\n")
    until(b"taken back")
    os.write(master, b"resign\n")
    until(b"forfeit")
    assert process.wait(timeout=30) == 0
    os.close(master)
    assert "Traceback" not in shown.decode()
