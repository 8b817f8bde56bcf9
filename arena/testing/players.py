"""Checks that a player keeps its contract: legal answers, the same ones to the same seeds, and the policy it states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.errors import PlayerError
from arena.game import CHANCE, Game
from arena.player import HasPolicy, Player, Request, Requests
from arena.seeds import derive, generator
from arena.testing.random_play import random_game

UNLIKELY = 5.0
"""Standard deviations beyond which frequencies contradict a stated policy: once in three million true ones."""


def check_player(player: Player, game: Game[Any], seed: int = 0, draws: int = 2000) -> None:
    """Ask a player at many states of random games and raise PlayerError at the first broken promise.

    If the player states a policy, it is compared with `draws` answers at each of ten states.
    """
    rng = generator(seed, "check")
    places: dict[tuple[int, str], Any] = {}
    for _ in range(30):
        for s, mover, _action in random_game(game, rng):
            if mover != CHANCE:
                places.setdefault((mover, game.view(s, mover)), s)
    asked = [(s, seat) for (seat, _), s in places.items()][:200]
    requests = [Request(game, s, seat, seed=derive(seed, "ask", i)) for i, (s, seat) in enumerate(asked)]
    actions = _answers(player, requests)
    _require(player, _answers(player, requests) == actions, "gives other answers to the same requests and seeds")
    turned = _answers(player, requests[::-1])[::-1]
    _require(player, turned == actions, "answers a request differently when the batch is in another order")
    if isinstance(player, HasPolicy) and game.actions:
        policy = _checked_policy(player, Requests(requests))
        pick = rng.permutation(len(asked))[:10]
        _check_law(player, game, [asked[i] for i in pick], policy[pick], draws, seed)


def _answers(player: Player, requests: Sequence[Request]) -> list[str | None]:
    moves = player.act(Requests(requests))
    _require(player, len(moves) == len(requests), f"answers {len(requests)} requests with {len(moves)} moves")
    for request, move in zip(requests, moves, strict=True):
        if move.action is None:
            _require(player, move.fault is not None, f"says neither action nor fault at {request.text!r}")
        else:
            _require(
                player, move.action in request.legal, f"plays {move.action!r}, which is illegal, at {request.text!r}"
            )
    return [move.action for move in moves]


def _checked_policy(player: HasPolicy, batch: Requests) -> NDArray[np.float64]:
    policy = player.policy(batch)
    wanted = (len(batch), len(batch.game.actions))
    _require(player, policy.shape == wanted, f"has a policy of shape {policy.shape}, not {wanted}")
    _require(player, bool((policy >= 0).all()), "has negative probabilities in its policy")
    _require(player, bool((abs(policy.sum(axis=1) - 1) < 1e-6).all()), "has a policy whose rows do not sum to 1")
    _require(player, not policy[~batch.mask()].any(), "has a policy that plays illegal actions")
    return policy


def _check_law(
    player: Player, game: Game[Any], places: list[tuple[Any, int]], policy: NDArray[np.float64], draws: int, seed: int
) -> None:
    """Compare the frequencies of answers with the policy by one chi-square test over all places."""
    statistic, freedom = 0.0, 0
    for number, ((s, seat), expected) in enumerate(zip(places, policy * draws, strict=True)):
        answers = _answers(player, [Request(game, s, seat, seed=derive(seed, "law", number, i)) for i in range(draws)])
        seen = np.array([answers.count(action) for action in game.actions], dtype=np.float64)
        _require(player, not seen[expected == 0].any(), f"plays what its policy excludes, at {game.view(s, seat)!r}")
        common = expected >= 5  # where the approximation by a normal distribution holds
        statistic += float(((seen - expected)[common] ** 2 / expected[common]).sum())
        freedom += max(int(common.sum()) - 1, 0)
    if freedom:
        # The cube root of a chi-square variable is nearly normal (Wilson and Hilferty, 1931).
        spread = 2 / (9 * freedom)
        deviation = ((statistic / freedom) ** (1 / 3) - (1 - spread)) / spread**0.5
        _require(player, deviation < UNLIKELY, f"does not play its policy: {deviation:.1f} standard deviations off")


def _require(player: Player, kept: bool, broken: str) -> None:
    if not kept:
        raise PlayerError(f"{player.name} {broken}")
