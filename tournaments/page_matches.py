"""The matches of a run for its page: the list, who failed how often, and the replays, within a bound of bytes."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from arena.errors import ArenaError
from arena.game import Game
from arena.record import Record, StopReason
from arena.store import Store
from arena.tournaments.page_scene import clip, encode
from arena.voids import Outages

LIST_BYTES = 1_800_000
"""Of the list of matches: about 25,000 of them."""
REPLAY_BYTES, REPLAYS_AT_MOST = 2_500_000, 2_000
"""Of the matches that can be stepped through; their number bounds the time that replaying them takes."""
TURNS_AT_MOST = 400
"""Of one match."""

_RATED = ("rating", "tournament")


class Listed(NamedTuple):
    """A match without its moves."""

    key: str
    kind: str
    entrants: tuple[str, ...]
    """By seat."""
    returns: tuple[float | None, ...]
    stop: StopReason
    moves: int
    step: int
    reason: str
    bumps: int
    """Refused replies and crashed attempts on the way."""

    @property
    def rank(self) -> int:
        """0 if it did not finish, 1 if it did after bumps, 2 if it went smoothly."""
        return 0 if self.stop is not StopReason.FINISHED else 1 if self.bumps else 2


def page_matches(store: Store, game: Game[Any]) -> dict[str, Any]:
    """Return the values of the page that come from single matches: the list, the failures and the replays."""
    counts = _Failures()
    listed = [_listed(record, counts) for record in store.records()]
    order = in_order_of_need(listed)
    players = sorted({name for match in listed for name in match.entrants})
    kinds = sorted({match.kind for match in listed})
    number = {name: i for i, name in enumerate(players)}
    rows, room = {}, LIST_BYTES
    for at in order:
        rows[at] = _row(listed[at], number, kinds)
        room -= _size(rows[at])
        if room < 0:
            del rows[at]
            break
    replays = dict(_replays(store, game, [listed[at].key for at in order if at in rows]))
    return {
        "players": [clip(name, 200) for name in players],
        "kinds": kinds,
        "matches": list(rows.values()),
        "played": len(listed),
        "replays": replays,
        "failures": counts.rows(store.outages()),
    }


def in_order_of_need(listed: list[Listed]) -> list[int]:
    """Return the positions of all matches, those first that a page should hold before others.

    First what did not finish, then what had bumps. Then one match of every line-up, a second one of each, and so
    on, in the order of their keys: these are hashes, so what is left out has nothing to do with how it ended.
    """
    met: Counter[tuple[str, ...]] = Counter()
    place = {}
    for at in sorted(range(len(listed)), key=lambda at: listed[at].key):
        place[at] = met[listed[at].entrants]
        met[listed[at].entrants] += listed[at].rank == 2
    return sorted(place, key=lambda at: (listed[at].rank, place[at], listed[at].key))


class _Failures:
    """Counts per player, over the matches that rate."""

    def __init__(self) -> None:
        self._of: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, record: Record) -> None:
        if record.kind not in _RATED:
            return
        for name in set(record.entrants):
            self._of[name]["matches"] += 1
            self._of[name]["truncated"] += record.stop is StopReason.TRUNCATED
        for turn in record.turns:
            if turn.fault:
                self._of[record.entrants[turn.seat]]["faults"] += 1
        for name in {record.entrants[seat] for seat in record.crashes}:
            self._of[name]["crashed"] += 1
        if record.culprit is not None and record.stop is not StopReason.FINISHED:
            self._of[record.entrants[record.culprit]][str(record.stop)] += 1

    def rows(self, outages: Mapping[str, Outages]) -> list[dict[str, Any]]:
        columns = ("matches", "faults", "forfeit", "crashed", "abandoned", "truncated", "outage", "waiting")
        for name, outage in outages.items():
            self._of[name].update(outage=outage.matches, waiting=outage.waiting)
        return [{"name": clip(name, 200), **{c: n[c] for c in columns}} for name, n in sorted(self._of.items())]


def _listed(record: Record, counts: _Failures) -> Listed:
    counts.add(record)
    faults = sum(bool(turn.fault) for turn in record.turns)
    chance = sum(turn.seat < 0 for turn in record.turns)
    return Listed(
        record.key, record.kind, record.entrants, record.returns, record.stop,
        len(record.turns) - faults - chance, record.step, record.reason, faults + len(record.crashes),
    )  # fmt: skip


def _row(match: Listed, number: dict[str, int], kinds: list[str]) -> list[Any]:
    """Return key, entrants, returns, moves, stop, step, kind, reason, bumps; what is empty at the end is left out."""
    row: list[Any] = [
        match.key,
        [number[name] for name in match.entrants],
        [value if value is None else float(f"{value:.6g}") for value in match.returns],
        match.moves,
        "" if match.stop is StopReason.FINISHED else str(match.stop),
        match.step,
        kinds.index(match.kind),
        clip(match.reason, 300),
        match.bumps,
    ]
    while not row[-1]:
        row.pop()
    return row


def _replays(store: Store, game: Game[Any], keys: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    room = REPLAY_BYTES
    for number, key in enumerate(keys):
        for record in store.records(key):
            if record.key != key:  # it only begins with these characters
                continue
            value = replay(record, game)
            room -= _size(value) + len(key)
            if room < 0 or number == REPLAYS_AT_MOST:
                return
            yield key, value


def replay(record: Record, game: Game[Any]) -> dict[str, Any]:
    """Return a match to be stepped through.

    {"start": scene, "turns": [seat, action, scene after it, reply, fault], "crashes", "note"}; a scene
    is told as in `page_scene.encode`, and what is empty at the end of a turn is left out.
    """
    value: dict[str, Any] = {"start": [], "turns": []}
    if not record.turns and record.stop.rated:
        value["note"] = "Only its result is known."
        return value
    turns = record.turns[:TURNS_AT_MOST]
    if len(turns) < len(record.turns):
        value["note"] = (
            f"This page holds the first {len(turns):,} of {len(record.turns):,} turns; arena replay shows all."
        )
    try:
        walk = record.replay(game)
        scene = game.scene(next(walk)[0])
        value["start"] = encode(scene)
        for turn in turns:
            before = scene
            if not turn.fault:
                scene = game.scene(next(walk)[0])
            raw = "" if turn.raw == turn.action else clip(turn.raw)
            said: list[Any] = [turn.seat, turn.action and clip(turn.action), encode(scene, before), raw, turn.fault]
            while not said[-1] and len(said) > 3:
                said.pop()
            value["turns"].append(said)
    except ArenaError as error:
        value["note"] = f"It cannot be replayed: {error}."
    except Exception as error:  # noqa: BLE001 - a game is its author's code; the rest of the page is worth having
        value["note"] = f"The game fails to draw it: {type(error).__name__}: {error}."
    if record.crashes:
        value["crashes"] = list(record.crashes)
    return value


def _size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":")))
