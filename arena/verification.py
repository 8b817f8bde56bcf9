"""What only running a program can answer: the question that a verifier's seat is asked, and all answers there are.

A game never runs code. Where a program judges, the game asks a seat of the cast, in a view that is one JSON object:
the program, the function of it that is called, and all calls so far, of which the last is to be answered::

    {"program": "def verify(world, answer): …", "function": "verify",
     "calls": [{"arguments": [{"apples": 6}, "6"], "outcome": "true"}, {"arguments": [{"apples": 3}, "3"]}]}

The move is one of `OUTCOMES`. A program that cheats can forge nothing but its own answer to this one call: it is not
told which answer is wanted, nothing of it outlives the call, and what it prints is not looked at. So a game asks about
arguments for which it knows the answer first, each in a call of its own (games/tool_tasks.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from arena.errors import PlayerError
from arena.sandbox.ending import Ending, Kind

TRUE, FALSE = "true", "false"
NEITHER = "neither"
"""The function returned something else, or the program ended before it did."""
UNSTEADY = "unsteady"
"""It came to one end when it was run, and to another when it was run again."""

OUTCOMES: tuple[str, ...] = (TRUE, FALSE, NEITHER, UNSTEADY, *(kind.value for kind in Kind if kind is not Kind.DONE))
"""The rest are the kinds of ends that a program comes to in the sandbox: error, time, memory and so on."""

# The program comes as data, so that no unclosed quote of it can swallow what follows.
_HARNESS = """\
import json
program, function, arguments = json.loads({question!r})
names = {{"__name__": "verification"}}
exec(compile(program, "verification.py", "exec"), names)
said = names[function](*arguments)
result = said if said is True or said is False else None
"""


class Call(NamedTuple):
    """A call of one function of a program that nobody has read; arguments are values of JSON."""

    program: str
    function: str
    arguments: tuple[Any, ...]


def question(calls: Sequence[Call], outcomes: Sequence[str]) -> str:
    """Return the view of a seat that is to say what the last of these calls comes to, after the `outcomes` of others.

    All are of one function of one program. Where no call is left to be answered, nothing is asked.
    """
    of = calls[0]
    shown: list[dict[str, Any]] = [{"arguments": call.arguments} for call in calls]
    for call, outcome in zip(shown, outcomes, strict=False):
        call["outcome"] = outcome
    return json.dumps({"program": of.program, "function": of.function, "calls": shown})


def read(text: str) -> Call:
    """Return the call that a view asks about. Raises PlayerError for a text that asks for none."""
    try:
        found = json.loads(text)
        asked = found["calls"][-1]
        if "outcome" not in asked:
            return Call(str(found["program"]), str(found["function"]), tuple(asked["arguments"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        pass  # it is no question, which is said below
    raise PlayerError(f"{text[:80]!r} asks for no program to be run: a verifier takes seats that judge by one")


def program(call: Call) -> str:
    """Return the program for the sandbox that makes the call; `outcome` says what came of it."""
    return _HARNESS.format(question=json.dumps(call))


def outcome(ending: Ending) -> str:
    """Return what one run of `program` comes to."""
    if ending.kind is not Kind.DONE:
        return ending.kind.value
    return TRUE if ending.value is True else FALSE if ending.value is False else NEITHER
