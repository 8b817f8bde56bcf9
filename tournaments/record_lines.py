"""Matches as lines of JSON: how one is written, and what a line says, or in one clause what is wrong with it.

A file of them may come from anybody, so nothing of a line is believed: every field has its type and its limits,
the payoffs go together with the ending, and where moves are written they are played again by the rules. That
takes 25 µs for a match of Kuhn poker and 0.2 ms for a move of chess, so a long chess match takes 60 ms.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from arena.config import wrong_name
from arena.errors import ReplayError
from arena.game import Game
from arena.player import Fault
from arena.record import Cost, Record, StopReason, Turn
from arena.tournaments.result_rows import MAX_PAIR, measurable

_ZERO = 1e-6
"""Of the greatest payoff: so far may the returns of a zero-sum match be from adding up to 0."""
_SHOWN = 80
"""Characters of a wrong value that are quoted."""

Seat = Annotated[int, Field(ge=0, le=1)]
Paid = Annotated[float, Field(allow_inf_nan=False)] | None


class _Strict(BaseModel):
    # Strict: true and "7" are no whole numbers.
    model_config = ConfigDict(extra="forbid", strict=True)


class _Turn(_Strict):
    seat: Annotated[int, Field(ge=-1, le=1)]
    action: str | None
    raw: str = ""
    fault: Literal["", "illegal"] | Fault = ""


class _Cost(_Strict):
    dollars: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    prompt_tokens: Annotated[int, Field(ge=0, lt=2**63)]
    completion_tokens: Annotated[int, Field(ge=0, lt=2**63)]


class _Match(_Strict):
    """The fields of a `Record` with what each may hold."""

    key: Annotated[str, Field(pattern=r"^[\w-]{1,100}$")]
    kind: Literal["rating", "tournament", "train", "play"]
    game: str
    fingerprint: str
    entrants: tuple[str, str]
    seed: Annotated[int, Field(ge=0, lt=2**64)]
    pair: Annotated[str, Field(max_length=MAX_PAIR)]
    turns: tuple[_Turn, ...]
    returns: tuple[Paid, Paid]
    stop: StopReason
    reason: str = ""
    culprit: Seat | None = None
    crashes: tuple[Seat, ...] = ()
    step: Annotated[int, Field(ge=0, lt=2**63)] = 0
    costs: tuple[()] | tuple[_Cost, _Cost] = ()


class _Named(BaseModel):
    game: Annotated[str, Field(max_length=10_000)]


def as_json(record: Record) -> dict[str, Any]:
    """Return a record as JSON values, with all but its traces; `read` is the opposite."""
    turns = [{key: value for key, value in turn._asdict().items() if value != ""} for turn in record.turns]
    match = {**vars(record), "stop": str(record.stop), "turns": turns}
    del match["traces"], match["outages"], match["costs"]
    if record.costs:
        match["costs"] = [cost._asdict() for cost in record.costs]
    return match


def game_of(line: bytes) -> str | None:
    """Return which game a line names, as it says; None where it says nothing that can be read."""
    try:
        return _Named.model_validate_json(line).game
    except ValidationError:
        return None


def read(line: bytes, game: Game[Any], named: str = "") -> Record | str:
    """Return the match of a line, or what is wrong with it. `game` has two seats that play for a zero sum.

    A line may call the game by its spec or by `named`. The rules that look at the moves are always those of `game`:
    what a line names is never loaded.
    """
    try:
        match = _Match.model_validate_json(line)
    except ValidationError as error:
        return _clause(error)
    if match.fingerprint != game.fingerprint:
        return f"it was played under {_shown(match.game)} with other rules than {game.spec} has here"
    if match.game not in (game.spec, named):
        return f"it names the game {_shown(match.game)}, and this file is of {game.spec}"
    for name in match.entrants:
        if wrong := str(wrong_name(name)):
            return wrong
    if match.entrants[0] == match.entrants[1]:
        return f"{match.entrants[0]!r} plays against itself"
    if not match.pair.isprintable():
        return f"its pair {_shown(match.pair)} should be printable"
    if wrong := _wrong_ending(match, game):
        return wrong
    turns = tuple(Turn(turn.seat, turn.action, turn.raw, str(turn.fault)) for turn in match.turns)
    costs = tuple(Cost(**dict(cost)) for cost in match.costs)
    record = Record(**{**dict(match), "turns": turns, "costs": costs})
    return _wrong_moves(record, game) or record


def _wrong_ending(match: _Match, game: Game[Any]) -> str:
    """Return in which way stop, culprit and returns contradict each other; empty if they do not."""
    returns, stop = match.returns, match.stop
    if stop in (StopReason.FINISHED, StopReason.TRUNCATED) and match.culprit is not None:
        return f"it is {stop}, and still somebody is to blame: its culprit should be null"
    if stop is StopReason.FINISHED:
        low, high = game.payoff_range
        paid = [value for value in returns if value is not None and low <= value <= high and measurable(value)]
        if len(paid) < len(returns) or not math.isclose(sum(paid), 0.0, abs_tol=_ZERO * game.scale):
            return f"its returns should be 2 numbers between {low:g} and {high:g} that add up to 0"
        return ""
    if stop is StopReason.FORFEIT and match.culprit is None:
        return "it is forfeit, and its culprit should be the seat that is to blame"
    due: tuple[float | None, ...] = (None, None)
    if stop is StopReason.TRUNCATED:
        due = (0.0, 0.0)
    elif stop is StopReason.FORFEIT and match.culprit is not None:
        due = game.forfeit(match.culprit)
    return "" if returns == due else f"it is {stop}, so its returns should be {list(due)}, not {list(returns)}"


def _wrong_moves(record: Record, game: Game[Any]) -> str:
    """Return why the moves cannot be played again; a match without any was imported as a result, and has none."""
    if not record.turns:
        return ""
    if any(turn.action is None and not turn.fault for turn in record.turns):
        return "a turn of it has neither an action nor a fault"
    try:
        for _ in record.replay(game):
            pass
    except ReplayError as error:
        text = str(error)
        return text if len(text) <= 300 else text[:300] + "…"
    return ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _clause(error: ValidationError) -> str:
    """Say the first thing that is wrong."""
    problem = error.errors(include_url=False)[0]
    where = ".".join(map(str, problem["loc"]))
    if problem["type"] == "missing":
        return f"it has no {where!r}"
    if problem["type"] == "extra_forbidden":
        return f"there is no key {_shown(where)} in a match"
    if not where:
        why = problem.get("ctx", {}).get("error", "it is no JSON object")
        return f"it is no match as arena export writes them: {why}"
    message = problem["msg"][0].lower() + problem["msg"][1:]
    return f"its {where} = {_shown(problem['input'])} will not do: {message}"
