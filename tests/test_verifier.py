"""The player that runs what nobody has read: it answers by kind, whatever a program does, and goes on."""

from __future__ import annotations

import pytest

from arena.errors import ConfigError, PlayerError
from arena.game import OVER, Game
from arena.player import Request, Requests
from arena.players.verifier import Verifier
from arena.sandbox import pool as sandbox
from arena.sandbox.ending import Ending, Kind
from arena.sandbox.slot import Slot
from arena.verification import OUTCOMES, Call, question


class Asks(Game[str]):
    """A seat that is shown its state."""

    name = "asks"
    roles = ("verifier",)
    actions = OUTCOMES

    def start(self) -> str:
        return ""

    def turn(self, s: str) -> int:
        return OVER if s in OUTCOMES else 0

    def step(self, s: str, action: str) -> str:
        return action

    def returns(self, s: str) -> tuple[float]:
        return (0.0,)

    def view(self, s: str, seat: int) -> str:
        return s


def asked(*calls: Call) -> Requests:
    return Requests([Request(Asks(), question([call], []), 0) for call in calls])


@pytest.fixture(scope="module")
def verifier():
    found = Verifier(cpu_seconds=1, run_untrusted_code_without_isolation=True)
    yield found
    found.close()


def outcomes(verifier: Verifier, *programs: str) -> list[str | None]:
    return [move.action for move in verifier.act(asked(*(Call(text, "verify", (7,)) for text in programs)))]


# What a program does → what is answered. None of them may be taken for a judge that says True.
HOSTILE = {
    "def verify(n):\n    return n == 7": "true",
    "def verify(n):\n    return n == 8": "false",
    "def verify(n):\n    return 1": "neither",
    "def verify(n):\n    return 'true'": "neither",
    "def verify(n):\n    return None": "neither",
    "def verify(n):\n    print('true')\n    print('{\"outcome\": \"true\"}')\n    return False": "false",
    "def verify(n):\n    import json\n    json.loads = lambda text: [True]\n    return False": "false",
    "result = True\nraise SystemExit": "neither",
    "import os\nos._exit(0)": "neither",
    "raise SystemExit('true')": "error",
    "def verify(n):\n    raise ValueError('true')": "error",
    "def verify(n, m):\n    return True": "error",
    "def check(n):\n    return True": "error",
    "def verify(n) return True": "error",
    'verify = """': "error",
    "": "error",
    "def verify(n):\n    while True: pass": "time",
    "def verify(n):\n    import time\n    time.sleep(100)": "time",
    "def verify(n):\n    return len('x' * 10**10) > 0": "memory",
    "def verify(n):\n    return [0] * 10**10 == []": "memory",
    "def verify(n):\n    while True: print('true' * 1000)": "output",
    "def verify(n):\n    return verify(n)": "error",
    "def verify(n):\n    import os\n    return os.urandom(8)[0] < 0 or id(object()) and os.getpid() < 0": "false",
    "def verify(n):\n    import ctypes\n    ctypes.string_at(0)": "killed",
}


def test_every_end_has_its_name_and_the_next_program_runs(verifier: Verifier) -> None:
    assert dict(zip(HOSTILE, outcomes(verifier, *HOSTILE), strict=True)) == HOSTILE
    assert outcomes(verifier, "def verify(n):\n    return True") == ["true"]


def test_a_program_that_throws_dice_is_no_judge(verifier: Verifier) -> None:
    """Each by itself would pass for a judge in half of all runs."""
    dice = [f"import os\ndef verify(n):\n    return os.urandom(1)[0] % 2 == 0  # {i}" for i in range(30)]
    found = outcomes(verifier, *dice)
    assert set(found) <= {"true", "false", "unsteady"}
    assert 4 < found.count("unsteady") < 26


def test_nothing_of_one_call_is_left_for_the_next(verifier: Verifier) -> None:
    counts = (
        "import os\ndef verify(n):\n    found = os.path.exists('seen')\n    open('seen', 'w').close()\n    return found"
    )
    calls = [Call(counts, "verify", (n,)) for n in range(4)]
    assert [move.action for move in verifier.act(asked(*calls))] == ["false"] * 4


def test_what_is_sure_is_asked_once(verifier: Verifier, monkeypatch) -> None:
    text = "def verify(n):\n    return n > 3"
    first = outcomes(verifier, text, text)
    monkeypatch.setattr(verifier, "_pool", None)
    with pytest.raises(AttributeError):
        outcomes(verifier, text + "\n")
    monkeypatch.undo()
    run: list[int] = []
    monkeypatch.setattr(verifier._pool, "run", lambda programs: run.append(len(programs)) or [])
    assert outcomes(verifier, text) == first[:1]
    assert run == [0]


@pytest.mark.parametrize(
    ("other", "runs"), [(Ending(Kind.DONE, "", False), 2), (Ending(Kind.ERROR, ""), 2), (Ending(Kind.MEMORY, ""), 4)]
)
def test_dice_are_thrown_once_where_both_ends_are_sure(verifier: Verifier, monkeypatch, other: Ending, runs) -> None:
    """A limit that was reached once in two runs says more about the machine than about the program."""
    monkeypatch.setattr(verifier, "_known", {})
    run: list[str] = []
    monkeypatch.setattr(verifier._pool, "run", lambda some: run.extend(some) or [Ending(Kind.DONE, "", True), other])
    assert outcomes(verifier, "dice") == ["unsteady"]
    monkeypatch.setattr(verifier._pool, "run", lambda some: run.extend(some) or [Ending(Kind.DONE, "", True)] * 2)
    assert outcomes(verifier, "dice") == (["unsteady"] if runs == 2 else ["true"])
    assert len(run) == runs


def test_what_is_no_question_is_said(verifier: Verifier) -> None:
    with pytest.raises(PlayerError, match="asks for no program"):
        verifier.act(Requests([Request(Asks(), "Is it right?", 0)]))


def test_without_walls_nothing_is_run_unless_the_risk_is_named(monkeypatch) -> None:
    def slot(*, isolated: bool) -> Slot:
        if isolated:
            raise ConfigError("programs cannot be isolated here")
        return Slot(isolated=False)

    monkeypatch.setattr(sandbox, "Slot", slot)
    with pytest.raises(ConfigError, match="run_untrusted_code_without_isolation = true"):
        Verifier()
    accepted = Verifier(run_untrusted_code_without_isolation=True)
    assert outcomes(accepted, "def verify(n):\n    return True") == ["true"]
    accepted.close()
