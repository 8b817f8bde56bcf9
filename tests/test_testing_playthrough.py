"""Playthroughs: what each seat sees, move by move, and the module that prints them."""

import subprocess
import sys
from pathlib import Path

from arena.games.kuhn_poker import KuhnPoker
from arena.testing import playthrough, write_out

CHECKOUT = Path(__file__).parent.parent


def run(*arguments):
    command = [sys.executable, "-m", "arena.testing", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, timeout=60)


def test_playthroughs_depend_on_the_seed_only():
    assert playthrough(KuhnPoker(), 3) == playthrough(KuhnPoker(), 3)
    assert len({playthrough(KuhnPoker(), seed) for seed in range(8)}) > 1


def test_a_playthrough_shows_what_each_seat_sees():
    text = write_out(KuhnPoker(), ["Q", "K", "bet", "pass"])
    assert "\nstate 2: seat 0 is to move\n  first sees: your card: Q; so far: nothing\n" in text
    assert text.endswith("  second sees: your card: K; so far: bet, pass\n  returns: 1, -1\n")


def test_the_module_prints_playthroughs():
    done = run("kuhn_poker")
    assert done.returncode == 0
    assert done.stdout == f"{playthrough(KuhnPoker(), 0)}\n{playthrough(KuhnPoker(), 1)}"


def test_a_mistake_gets_one_sentence():
    for arguments, sentence in (
        (["kuhn_pokr"], "arena.testing: there is no game 'kuhn_pokr'; did you mean 'kuhn_poker'?\n"),
        ([], "arena.testing: give one game: python -m arena.testing SPEC\n"),
    ):
        done = run(*arguments)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence)
