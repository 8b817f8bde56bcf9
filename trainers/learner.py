"""A member of the league that trains: one policy for all seats, or one per role, each with its trainer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arena import checkpoint
from arena.batch import DecisionBatch
from arena.config import LeagueConfig
from arena.errors import ConfigError
from arena.game import Game
from arena.player import Loadable, Trainable
from arena.registry import load_player, parse
from arena.seeds import derive
from arena.trainers.policy_gradient import PolicyGradient, Report

SHARED = "shared"
"""The policy id of a policy that plays every role."""


@dataclass
class Learner:
    """A name in the league, the player that sits down, and a trainer for each of its policies."""

    name: str
    player: Loadable
    trainers: dict[str, PolicyGradient]
    """Policy id (a role, or `SHARED`) → trainer."""

    @classmethod
    def fresh(cls, name: str, game: Game[Any], config: LeagueConfig) -> Learner:
        """Return an untrained learner as the configuration describes it."""
        spec = config.learners[name].player
        if ":" in parse(spec).target:
            raise ConfigError(
                f"learner {name!r}: {spec!r} is not registered, so its snapshots could not be opened: "
                "give the class a name, as an entry point in the group 'arena.players'"
            )
        per_role = config.learners[name].policies == "per_role"
        if per_role:
            spec = f"by_role(player={spec!r})"
        seed = derive(config.seed, "learner", name)
        player, reference = (load_player(spec, game, name, seed) for _ in range(2))
        policies, references = ((_policies(p) if per_role else {SHARED: p}) for p in (player, reference))
        if not isinstance(player, Loadable) or not all(isinstance(p, Trainable) for p in policies.values()):
            raise ConfigError(f"learner {name!r}: {spec!r} cannot be trained; use net(…)")
        trainers = {
            policy_id: _trainer(policy, references[policy_id], game, config) for policy_id, policy in policies.items()
        }
        return cls(name, player, trainers)

    def roles(self, policy_id: str, game: Game[Any]) -> tuple[str, ...]:
        """Return the roles that one of its policies plays."""
        return tuple(dict.fromkeys(game.roles)) if policy_id == SHARED else (policy_id,)

    def update(self, batches: Mapping[str, DecisionBatch]) -> Report:
        """Improve every policy on its own batch; returns the report of the last."""
        reports = [trainer.update(batches[policy_id]) for policy_id, trainer in self.trainers.items()]
        return reports[-1]

    def save(self, player_folder: Path, trainer_folder: Path) -> tuple[str, str]:
        """Write the player's and the trainers' folders; returns the digests of both."""
        self.player.save(player_folder)
        player = checkpoint.read(player_folder)

        def write(draft: Path) -> None:
            for policy_id, trainer in self.trainers.items():
                (draft / policy_id).mkdir()
                trainer.save(draft / policy_id)

        of = checkpoint.Manifest("policy_gradient", self.name, player.version, player.game, player.fingerprint, [])
        return player.digest, checkpoint.write(trainer_folder, of, write).digest

    def load(self, player_folder: Path, trainer_folder: Path) -> None:
        """Continue exactly where `save` was called."""
        self.player.load(player_folder)
        checkpoint.read(trainer_folder)
        for policy_id, trainer in self.trainers.items():
            trainer.load(trainer_folder / policy_id)


def _policies(player: Any) -> Mapping[str, Any]:
    """Return the parts of a player that has one per role."""
    parts: Mapping[str, Any] = player.parts
    return parts


def _trainer(policy: Any, reference: Any, game: Game[Any], config: LeagueConfig) -> PolicyGradient:
    training = config.training
    return PolicyGradient(
        policy,
        reference,
        game.scale,
        learning_rate=training.learning_rate,
        updates=training.updates,
        kl_weight=training.kl_weight,
        reference_every=training.reference_every,
        decay=training.baseline_decay,
    )
