"""What recorded players answered, and what their matches paid them: the data of trainers that learn offline.

An answer is learned from in the very token ids that were drawn where the run still has them and they are the model's
own; otherwise in the words of its record, tokenised as the model is asked and answers. Whether ids are its own is told
by the prompt: they are if the model would have been asked in exactly these. Refused answers (unreadable, illegal) are
learned from like any other, since the rules say what they are paid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.batch import Pair
from arena.errors import ConfigError, PlayerError, UnknownName
from arena.game import Game
from arena.player import Fault, Request
from arena.record import Record, Turn
from arena.runs import opened
from arena.trainers import pupil

Trace = Mapping[str, NDArray[Any]]

SAID_NOTHING = "said nothing"
UNWRITABLE = "cannot be written in the tokens of this model"


class Recorded(NamedTuple):
    """One answer of a recorded match."""

    request: Request
    """What the seat was asked, as if for the first time, with its own earlier replies in their words."""
    turn: Turn
    payoff: float
    """What the match paid the seat, in units of the game's scale."""
    trace: Trace
    """What its player left for a trainer; empty where nothing is kept."""
    again: bool
    """Whether an earlier answer to the same question was refused."""


class Answers(NamedTuple):
    """N answers as a model learns them."""

    pairs: list[Pair]
    """The ids of each prompt, and of each answer with its end."""
    payoff: NDArray[np.float64]
    """(N,) in units of the game's scale."""
    played: NDArray[np.bool_]
    """(N,) whether it was accepted as a move."""
    left_out: dict[str, int]
    """Why an answer cannot be learned from, and of how many that is true."""
    runs: list[dict[str, Any]]
    """Where they come from, as it is written down."""


def answers_of(
    spec: str, runs: Sequence[Path], role: str, who: str, tell: Callable[[int], None] = lambda matches: None
) -> Answers:
    """Return what the player `who` (all players if "") answered in `role` (all roles if "") in `runs`, as written by
    the chat player `spec`.

    Raises ConfigError for a player that is no language model and for a role that a game does not have, UnknownName
    where there is no answer, and StoreError where there is no run.
    """
    pairs, left_out = list[Pair](), Counter[str]()
    paid, played = list[float](), list[bool]()
    origins = []
    matches = 0
    with ExitStack() as open_until_read:
        reader: Any = None
        for store, game in opened(runs):
            if role and role not in game.roles:
                there = ", ".join(dict.fromkeys(game.roles))
                raise ConfigError(f"{game.spec} has no role {role!r}; there are {there}")
            if reader is None:
                reader = open_until_read.enter_context(pupil.reader(spec, game))
            before, first = len(pairs), matches
            for record in store.records():
                found = list(recorded(record, game, store.traces(record.key), role, who))
                for answer, pair in zip(found, _pairs(reader, found), strict=True):
                    if isinstance(pair, str):
                        left_out[pair] += 1
                        continue
                    pairs.append(pair)
                    paid.append(answer.payoff)
                    played.append(not answer.turn.fault)
                matches += 1
                tell(matches)
            about = {"run": str(store.folder), "game": game.spec, "matches": matches - first}
            origins.append({**about, "answers": len(pairs) - before})
    if not pairs:
        whose, what = (f" of {who!r}" if who else ""), (f" in the role {role}" if role else "")
        where = ", ".join(map(str, runs))
        why = "".join(f"; {count} {reason}" for reason, count in left_out.items())
        raise UnknownName(f"{where} shows no answer{whose}{what} that was paid{why}: play some matches first")
    return Answers(pairs, np.array(paid), np.array(played), dict(left_out), origins)


def recorded(
    record: Record, game: Game[Any], traces: Mapping[int, Trace], role: str = "", who: str = ""
) -> Iterator[Recorded]:
    """Yield the answers of a match in their order, refused ones too, of seats that were paid.

    A match that counts for nothing shows none, and neither does a seat that played no game. Raises ReplayError where
    the rules have changed since.
    """
    if not record.stop.rated:
        return
    refused = [False] * game.seats
    for request, turn, place in _replies(record, game):
        payoff = record.returns[turn.seat]
        if payoff is not None and role in ("", game.roles[turn.seat]) and who in ("", record.entrants[turn.seat]):
            yield Recorded(request, turn, payoff / game.scale, traces.get(place, {}), refused[turn.seat])
        refused[turn.seat] = bool(turn.fault)


def _replies(record: Record, game: Game[Any]) -> Iterator[tuple[Request, Turn, int]]:
    """Yield each reply of a match with the question that it answers and the number of its turn."""
    past: list[list[tuple[Any, str]]] = [[] for _ in game.roles]
    place = 0
    for state, played in record.replay(game):
        while place < len(record.turns) and record.turns[place].fault:
            turn = record.turns[place]
            yield Request(game, state, turn.seat, match=record.key, past=past[turn.seat]), turn, place
            place += 1
        if played is not None and played.seat >= 0:
            yield Request(game, state, played.seat, match=record.key, past=past[played.seat]), played, place
            past[played.seat].append((state, played.raw or str(played.action)))
        place += 1


# As a model learns them.


def _pairs(reader: Any, found: Sequence[Recorded]) -> Iterator[Pair | str]:
    """Yield the ids of each answer of one match, or why there are none."""
    own: dict[int, bool] = {}
    for answer in found:
        seat = answer.turn.seat
        if not answer.again:  # what was asked again was asked with a complaint, which no record holds
            own[seat] = "ids" in answer.trace and _asked(reader, answer.request) == _ids(answer.trace["prompt_ids"])
        if own[seat] and "ids" in answer.trace:
            ids = _ids(answer.trace["ids"])
            yield (_ids(answer.trace["prompt_ids"]), ids) if ids else SAID_NOTHING
        else:
            yield _worded(reader, answer)


def _worded(reader: Any, answer: Recorded) -> Pair | str:
    """Return the ids of an answer in the words of its record, or why there are none."""
    turn = answer.turn
    if not (turn.raw or turn.action):
        return SAID_NOTHING
    try:
        said = reader.reply(answer.request, turn.raw) if turn.raw else reader.lesson(answer.request, turn.action)
    except PlayerError:
        return UNWRITABLE
    prompt, ids = map(_ids, said)
    return prompt, ids[:-1] if turn.fault == Fault.TRUNCATED else ids


def _asked(reader: Any, request: Request) -> tuple[int, ...]:
    """Return the ids in which this model would have been asked."""
    return _ids(reader.reply(request, "")[0])


def _ids(tokens: Sequence[int] | NDArray[Any]) -> tuple[int, ...]:
    return tuple(map(int, tokens))
