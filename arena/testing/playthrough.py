"""Playthroughs: whole games written out to be read, by people and by tests that watch for changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from arena.errors import TooLarge
from arena.game import CHANCE, OVER, Choices, Game, Text
from arena.seeds import generator
from arena.testing.random_play import random_game


def playthrough(game: Game[Any], seed: int = 0) -> str:
    """Return one random game written out in full."""
    return write_out(game, [action for _, _, action in random_game(game, generator(seed, "playthrough"))])


def write_out(game: Game[Any], actions: Sequence[str]) -> str:
    """Return the game in which these moves and chance outcomes happen: all that each state shows to everyone."""
    lines = [
        f"game: {game.spec}",
        f"version: {game.version}; fingerprint: {game.fingerprint}",
        f"roles: {', '.join(game.roles)}; sides: {', '.join(map(str, game.side_of))}",
        f"actions: {', '.join(game.actions) or 'not listed'}",
        f"scoring: {game.scoring}; payoffs: {game.payoff_range[0]:g} to {game.payoff_range[1]:g}; "
        f"zero sum: {game.zero_sum}; hidden: {game.hidden}",
    ]
    s = game.start()
    for number, action in enumerate(actions):
        lines += ["", *_write_state(game, s, number)]
        lines += _block("happens" if game.turn(s) == CHANCE else "plays", action)
        s = game.step(s, action)
    lines += ["", *_write_state(game, s, len(actions))]
    return "\n".join(lines) + "\n"


def _write_state(game: Game[Any], s: Any, number: int) -> list[str]:
    mover = game.turn(s)
    who = {CHANCE: "chance is to move", OVER: "the game is over"}.get(mover, f"seat {mover} is to move")
    lines = [f"state {number}: {who}"]
    for seat, role in enumerate(game.roles):
        lines += _block(f"{role} sees", game.view(s, seat))
    if mover == CHANCE:
        outcomes = game.chance(s)
        shown = ", ".join(f"{name} {p:.6g}" for name, p in outcomes[:20])
        lines += [f"  outcomes: {shown}{', …' if len(outcomes) > 20 else ''}"]
    elif mover == OVER:
        lines += [f"  returns: {', '.join('none' if r is None else f'{r:g}' for r in game.returns(s))}"]
    else:
        if len(game.ready(s)) > 1:
            lines += [f"  asked together: {', '.join(game.roles[seat] for seat in game.ready(s))}"]
        legal = game.legal(s, mover)
        lines += [f"  legal: {legal if isinstance(legal, Text | Choices) else ', '.join(legal)}"]
        lines += [f"  tensor: {_write_tensor(game, s, mover)}"]
    return lines


def _write_tensor(game: Game[Any], s: Any, seat: int) -> str:
    """Return shape and entries: ◉ is 1, ◯ is 0, rows are parted by spaces and planes by bars."""
    try:
        tensor = game.encode(s, seat)
    except TooLarge:
        return "none"
    binary = bool(np.isin(tensor, (0, 1)).all())
    rows = tensor.reshape(-1, tensor.shape[-1])
    written = ["".join("◯◉"[int(x)] for x in row) if binary else ",".join(f"{x:g}" for x in row) for row in rows]
    height = tensor.shape[-2] if tensor.ndim > 1 else 1
    planes = [" ".join(written[i : i + height]) for i in range(0, len(written), height)]
    return f"{tensor.shape} {' | '.join(planes)}"


def _block(title: str, text: str) -> list[str]:
    """Return "title: text", with a text of several lines indented below its title."""
    if "\n" not in text:
        return [f"  {title}: {text}"]
    return [f"  {title}:", *(f"    {line}".rstrip() for line in text.splitlines())]
