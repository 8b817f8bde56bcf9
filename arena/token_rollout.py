"""From played matches to what a language model learns: the very ids that its engine was given and drew.

Nothing is tokenised again. An answer that was refused (unreadable, illegal) is learned from like any other: its match
was forfeit, and its payoff says so, or where a game forgives that the payoff of its silence.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.batch import Pair, TokenBatch
from arena.demonstrations import Demonstration
from arena.errors import PlayerError
from arena.game import Game
from arena.record import Record, Turn
from arena.rollout import role_index

_ROW = tuple[int, int, Turn, Mapping[str, NDArray[Any]]]


def from_records(
    game: Game[Any],
    records: Sequence[Record],
    names: Collection[str],
    policy_id: str,
    version: int,
    roles: Collection[str],
) -> TokenBatch:
    """Return what the players called `names` said in `roles`, ordered by the order of `records` and turn.

    Matches that were abandoned have no payoff and leave no rows, nor does a seat that played no game. Raises
    PlayerError for an answer whose ids are not known, that was drawn from other weights than those of `version`, or in
    a way that cannot be learned from: at a temperature that is not 1, or from some of the tokens alone.
    """
    rows = [
        (number, place, turn, record.traces.get(place, {}))
        for number, record in enumerate(records)
        if record.stop.rated
        for place, turn in enumerate(record.turns)
        if turn.seat >= 0
        and record.entrants[turn.seat] in names
        and game.roles[turn.seat] in roles
        and record.returns[turn.seat] is not None
        and _said(record, place)
    ]
    for _, _, turn, trace in rows:
        _check(trace, turn, version)
    seat = np.array([turn.seat for _, _, turn, _ in rows], np.int64)
    match = np.array([number for number, *_ in rows], np.int64)
    starts: dict[tuple[str | None, ...], int] = {}
    number = np.array([starts.setdefault(_start(record), len(starts)) for record in records], np.int64)
    return TokenBatch(
        game=game.name,
        policy_id=policy_id,
        version=version,
        **_tokens(rows),
        payoff=np.array([records[m].returns[s] or 0.0 for m, s in zip(match, seat, strict=True)], np.float64),
        legal=np.array([not turn.fault for _, _, turn, _ in rows], np.bool_),
        cut=np.array([bool(trace.get("cut", False)) for *_, trace in rows], np.bool_),
        seat=seat,
        side=np.array(game.side_of)[seat],
        role=role_index(game)[seat],
        match=match,
        turn=np.array([place for _, place, *_ in rows], np.int64),
        start=number[match],
    )


def _start(record: Record) -> tuple[str | None, ...]:
    """Return what chance had brought before anybody moved: the deal, the question, the position.

    By what it is and not by the seed of the match, which a few starts of a small game share out among many matches.
    """
    return tuple(turn.action for turn in takewhile(lambda turn: turn.seat < 0, record.turns))


def from_lessons(
    game: Game[Any], shown: Sequence[Demonstration], pairs: Sequence[Pair], policy_id: str, version: int
) -> TokenBatch:
    """Return the answers that others have given, as a batch whose payoffs are 0; pairs are the ids of each."""
    nothing = [np.zeros(len(answer), np.float32) for _, answer in pairs]
    traces = [
        {"prompt_ids": np.asarray(prompt), "ids": np.asarray(answer), "logp": logp}
        for (prompt, answer), logp in zip(pairs, nothing, strict=True)
    ]
    seat = np.array([request.seat for request, _ in shown], np.int64)
    n = len(pairs)
    return TokenBatch(
        game=game.name,
        policy_id=policy_id,
        version=version,
        **_tokens([(i, 0, Turn(0, None), trace) for i, trace in enumerate(traces)]),
        payoff=np.zeros(n),
        legal=np.ones(n, np.bool_),
        cut=np.zeros(n, np.bool_),
        seat=seat,
        side=np.array(game.side_of)[seat],
        role=role_index(game)[seat],
        match=np.arange(n),
        turn=np.zeros(n, np.int64),
    )


def _said(record: Record, place: int) -> bool:
    """Return whether anything was drawn.

    A prompt that fills all that a model can read is answered with nothing, and for a seat that has failed in a game
    that forgives it the empty text is played, which nobody has said.
    """
    turn = record.turns[place]
    if turn.silent and place not in record.traces:
        return False
    return int(record.traces.get(place, {}).get("completion_tokens", 1)) > 0


def _tokens(rows: Sequence[_ROW]) -> dict[str, Any]:
    """Return the columns, all of them arrays, that have an entry per token, and where each turn begins."""
    ids, mask, logp = [np.zeros(0, np.int64)], [np.zeros(0, np.bool_)], [np.zeros(0, np.float32)]
    offsets = [0]
    for *_, trace in rows:
        prompt, answer = trace["prompt_ids"], trace["ids"]
        ids += [prompt, answer]
        mask += [np.zeros(len(prompt), np.bool_), np.ones(len(answer), np.bool_)]
        logp += [np.zeros(len(prompt), np.float32), trace["logp"]]
        offsets.append(offsets[-1] + len(prompt) + len(answer))
    return {
        "ids": np.concatenate(ids, dtype=np.int64),
        "offsets": np.array(offsets, np.int64),
        "loss_mask": np.concatenate(mask),
        "behaviour_logp": np.concatenate(logp, dtype=np.float32),
    }


def _check(trace: Mapping[str, NDArray[Any]], turn: Turn, version: int) -> None:
    """Raise PlayerError for an answer that cannot be learned from."""
    if "ids" not in trace or not len(trace["ids"]):
        raise PlayerError(
            f"the answer {turn.raw or turn.action!r} has no token ids, so it cannot be learned from: a learner plays "
            "through transformers or vLLM, which know them"
        )
    if int(trace["version"]) != version:
        raise PlayerError(
            f"an answer was drawn from version {int(trace['version'])} of the weights, but {version} is what learns: "
            "the engine plays other weights than it should"
        )
    plain = (trace["temperature"] == 1, trace["top_p"] == 1, trace["top_k"] == 0, not trace["constrained"])
    if not all(plain):
        raise PlayerError(
            "an answer was not drawn at temperature 1 from all tokens, so its log-probability is not the model's: let "
            "a learner play without temperature, top_p, top_k and constrained"
        )
