"""A policy and value net in torch over `Game.encode`: the player that learns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import nn

from arena import checkpoint
from arena.batch import DecisionBatch
from arena.errors import ArenaError, CheckpointError, ConfigError, GameError, PlayerError
from arena.game import CHANCE, Game
from arena.player import Evaluation, Move, Requests
from arena.seeds import derive

WEIGHTS = "weights.safetensors"
ILLEGAL = -1e9
"""The logit of an illegal action: its probability is exactly 0, and unlike −inf it leaves no nan in a gradient."""


class Net:
    """A multilayer perceptron with a policy head and a value head; one net may sit in every seat.

    `temperature` divides the logits: 1 is the trained policy, 0 plays the likeliest action. `device` "auto"
    takes the GPU where there is one. `seed` sets the first weights.
    """

    def __init__(
        self,
        game: Game[Any],
        hidden: Sequence[int] = (128, 128),
        temperature: float = 1.0,
        device: str = "auto",
        seed: int = 0,
    ) -> None:
        if not game.actions:
            raise ConfigError(f"{game.name} has no closed list of actions, so a net cannot play it")
        if not temperature >= 0:
            raise ConfigError(f"a temperature of {temperature} makes no sense: give 0 (greedy) or more")
        if not isinstance(hidden, list | tuple) or not all(type(width) is int and width > 0 for width in hidden):
            raise ConfigError(f"hidden = {hidden!r} is no list of widths: give whole numbers above 0, as in [64, 64]")
        self.name = "net"
        self.version = 0
        self.game = game
        self.roles = tuple(dict.fromkeys(game.roles))
        """The roles it may play."""
        self.hidden = tuple(hidden)
        self.temperature = temperature
        self.device = torch.device(_pick(device))
        self.module = _perceptron(_input_size(game), self.hidden, len(game.actions), seed).to(self.device)

    def act(self, batch: Requests) -> list[Move]:
        """Draw from the policy with each request's own seed."""
        policy = self.policy(batch)
        chosen = batch.sample(policy)
        logp = np.log(policy[np.arange(len(chosen)), chosen]).astype(np.float32)
        actions = self.game.actions
        return [Move(actions[a], trace={"logp": p}) for a, p in zip(chosen, logp, strict=True)]

    def policy(self, batch: Requests) -> NDArray[np.float64]:
        """Return action probabilities (B, A), 0 where illegal. Raises PlayerError in a role it was not made for."""
        if len(self.roles) < len(set(self.game.roles)):
            strange = {request.role for request in batch} - set(self.roles)
            if strange:
                raise PlayerError(f"{self.name} may play {', '.join(self.roles)}, not {', '.join(sorted(strange))}")
        with torch.no_grad():
            logits, _ = self._heads(batch.tensor(), batch.mask())
        scaled = logits.double()
        if self.temperature == 0:
            best = scaled.argmax(dim=1)
            policy = torch.nn.functional.one_hot(best, scaled.shape[1]).double()
        else:
            policy = torch.softmax(scaled / self.temperature, dim=1)
        array: NDArray[np.float64] = policy.cpu().numpy()
        return array

    def parameters(self) -> Iterable[nn.Parameter]:
        """Return the weights of body and heads."""
        return self.module.parameters()

    def evaluate(self, batch: DecisionBatch) -> Evaluation:
        """Return what the net says of N decisions; it runs once per distinct observation (I, …)."""
        if self.temperature == 0:
            raise PlayerError(f"{self.name} is greedy: with temperature 0 there is nothing to learn from")
        logits, value = self._heads(batch.observation, batch.mask)
        log_policy = torch.log_softmax(logits / self.temperature, dim=1)
        entropy = -(log_policy.exp() * log_policy).sum(dim=1)
        rows = torch.from_numpy(batch.information_set).to(self.device)
        actions = torch.from_numpy(batch.action).to(self.device)
        return Evaluation(log_policy[rows, actions], entropy[rows], value[rows], log_policy[rows])

    def save(self, folder: Path) -> None:
        """Write a checkpoint folder that `arena.load_player` opens."""
        manifest = checkpoint.Manifest(
            player=f"net(hidden={list(self.hidden)}, temperature={self.temperature})",
            name=self.name,
            version=self.version,
            game=self.game.spec,
            fingerprint=self.game.fingerprint,
            roles=list(self.roles),
        )
        state = {key: value.cpu().contiguous() for key, value in self.module.state_dict().items()}
        checkpoint.write(folder, manifest, lambda draft: save_file(state, draft / WEIGHTS))

    def load(self, folder: Path) -> None:
        """Take weights and version from a checkpoint folder."""
        manifest = checkpoint.read(folder, self.game)
        self.version, self.roles = manifest.version, tuple(manifest.roles)
        try:
            self.module.load_state_dict(load_file(folder / WEIGHTS))
        except RuntimeError:
            raise CheckpointError(f"{folder} holds another net than hidden={list(self.hidden)}") from None
        self.module.to(self.device)

    def _heads(self, observation: NDArray[np.float32], mask: NDArray[np.bool_]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return masked logits (B, A) and values (B,)."""
        flat = torch.from_numpy(observation.reshape(len(observation), -1)).to(self.device)
        out = self.module(flat)
        legal = torch.from_numpy(mask).to(self.device)
        return out[:, :-1].masked_fill(~legal, ILLEGAL), out[:, -1]


def _perceptron(size: int, hidden: Sequence[int], actions: int, seed: int) -> nn.Sequential:
    """Return a tanh perceptron whose last layer gives A logits and one value.

    The last layer starts small, so that play starts near uniform (Andrychowicz et al., 2021).
    """
    widths = [size, *hidden, actions + 1]
    layers: list[nn.Module] = []
    rng = torch.Generator().manual_seed(derive(seed, "net") % 2**63)
    for i, (fan_in, fan_out) in enumerate(pairwise(widths)):
        # Made empty, since the first weights that torch gives a layer are drawn from its global generator.
        linear = nn.Linear(fan_in, fan_out, device="meta").to_empty(device="cpu")
        last = i == len(widths) - 2
        nn.init.orthogonal_(linear.weight, gain=0.01 if last else 2**0.5, generator=rng)
        nn.init.zeros_(linear.bias)
        layers += [linear] if last else [linear, nn.Tanh()]
    return nn.Sequential(*layers)


def _input_size(game: Game[Any]) -> int:
    """Return the number of entries of an encoded view; every view of a game has the same.

    Raises GameError where the game fails on the way to its first decision.
    """
    moves: list[str] = []
    try:
        s = game.start()
        while game.turn(s) == CHANCE:
            moves.append(game.chance(s)[0][0])
            s = game.step(s, moves[-1])
        return int(game.encode(s, game.turn(s)).size)
    except ArenaError:
        raise
    except Exception as error:
        raise GameError(f"{game.name} fails after the moves {moves}: {type(error).__name__}: {error}") from error


def _pick(device: str) -> str:
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return device
