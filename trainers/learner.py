"""A member of the league that trains: one policy for all seats, or one per role, each with its trainer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from arena import checkpoint
from arena.batch import DecisionBatch, TokenBatch
from arena.config import LeagueConfig, TrainingConfig
from arena.errors import ConfigError
from arena.game import Game
from arena.player import Loadable, Player, Trainable, TrainableTokens
from arena.registry import load_player, parse
from arena.seeds import derive
from arena.trainers.deep_cfr import DeepCFR
from arena.trainers.mmd import MMD
from arena.trainers.nfsp import NFSP
from arena.trainers.phases import learning_role
from arena.trainers.policy_gradient import PolicyGradient
from arena.trainers.ppo import PPO
from arena.trainers.rnad import RNaD
from arena.trainers.token_policy_gradient import TokenPolicyGradient
from arena.trainers.trainer import NOTHING, Lessons, Penalty, Report, Trainer, Walked, no_penalty

SHARED = "shared"
"""The policy id of a policy that plays every role."""
NO_PENALTIES: Mapping[str, Penalty] = MappingProxyType({})


@dataclass
class Learner:
    """A name in the league, the player that it is there, and a trainer for each of its policies."""

    name: str
    algorithm: str
    player: Loadable
    trainers: dict[str, Trainer[Any]]
    """Policy id (a role, or `SHARED`) → trainer."""
    behaviours: list[Player]
    """Who sits down in training, the player first: more than one where the method asks for it."""

    @classmethod
    def fresh(cls, name: str, game: Game[Any], config: LeagueConfig) -> Learner:
        """Return an untrained learner as the configuration describes it; of a run of several games `game` is one."""
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
        players = [load_player(spec, game, name, seed) for _ in range(NETS[config.training.algorithm])]
        policies = [_policies(player) if per_role else {SHARED: player} for player in players]
        wanted, example = LEARNS[config.training.algorithm]
        if not isinstance(players[0], Loadable) or not all(isinstance(p, wanted) for p in policies[0].values()):
            raise ConfigError(
                f"learner {name!r}: {spec!r} cannot be trained by {config.training.algorithm}; use {example}"
            )
        scale = 1.0 if config.games else game.scale  # the batches of several games bring payoffs in units of theirs
        trainers = {
            policy_id: _trainer(
                [nets[policy_id] for nets in policies],
                scale,
                config.training.model_copy(update={"updates": _own_updates(config, policy_id)}),
                derive(seed, policy_id),
            )
            for policy_id in policies[0]
        }
        learner = cls(name, config.training.algorithm, players[0], trainers, players)
        del players[len(learner.shares) :]  # the method's other nets play no matches
        return learner

    @property
    def shares(self) -> Sequence[float]:
        """Probability that each of the behaviours takes a seat in training."""
        trainer, *_ = self.trainers.values()  # one method for all, so they agree
        shares: Sequence[float] = trainer.shares
        return shares

    def roles(self, policy_id: str, game: Game[Any]) -> tuple[str, ...]:
        """Return the roles that one of its policies plays."""
        return tuple(dict.fromkeys(game.roles)) if policy_id == SHARED else (policy_id,)

    def update(
        self,
        batches: Mapping[str, DecisionBatch | TokenBatch | Lessons | Walked],
        penalties: Mapping[str, Penalty] = NO_PENALTIES,
    ) -> Report:
        """Improve every policy on its own batch, by policy id; returns the report of the last one that learned."""
        reports = [
            trainer.update(batches[policy_id], penalties.get(policy_id, no_penalty))
            for policy_id, trainer in self.trainers.items()
        ]
        return next((report for report in reversed(reports) if report is not NOTHING), NOTHING)

    def wanting(self, batches: Mapping[str, DecisionBatch | TokenBatch | Lessons | Walked]) -> int:
        """Return how many further matches to play before an update from these, where its size is to stay the same."""
        wanted = [0]
        for policy_id, trainer in self.trainers.items():
            batch = batches[policy_id]
            if isinstance(trainer, TokenPolicyGradient) and isinstance(batch, TokenBatch):
                wanted.append(trainer.wanting(batch))
        return max(wanted)

    def save(self, player_folder: Path, trainer_folder: Path) -> tuple[str, str]:
        """Write the player's and the trainers' folders; returns the digests of both."""
        self.player.save(player_folder)
        player = checkpoint.read(player_folder)

        def write(draft: Path) -> None:
            for policy_id, trainer in self.trainers.items():
                (draft / policy_id).mkdir()
                trainer.save(draft / policy_id)

        of = checkpoint.Manifest(self.algorithm, self.name, player.version, player.game, player.fingerprint, [])
        return player.digest, checkpoint.write(trainer_folder, of, write).digest

    def load(self, player_folder: Path, trainer_folder: Path) -> None:
        """Continue exactly where `save` was called."""
        self.player.load(player_folder)
        checkpoint.read(trainer_folder)
        for policy_id, trainer in self.trainers.items():
            trainer.load(trainer_folder / policy_id)


def _own_updates(config: LeagueConfig, policy_id: str) -> int:
    """Return in how many updates of a run a policy learns: of a role not in all, where roles learn in turn."""
    training = config.training
    roles = (learning_role(training.phases, update) for update in range(training.updates))
    return max(sum(policy_id == SHARED or role in (None, policy_id) for role in roles), 1)


def _policies(player: Any) -> Mapping[str, Any]:
    """Return the parts of a player that has one per role."""
    parts: Mapping[str, Any] = player.parts
    return parts


LEARNS: defaultdict[str, tuple[Any, str]] = defaultdict(
    lambda: (Trainable, "net(…)"), token_policy_gradient=(TrainableTokens, "language_model(model=…)")
)
"""What each method can train, and an example of it."""
NETS = {"token_policy_gradient": 1, "policy_gradient": 2, "ppo": 1, "mmd": 2, "rnad": 3, "nfsp": 3, "deep_cfr": 2}
"""How many nets of one shape a method works with, the policy among them."""


def _trainer(nets: Sequence[Any], scale: float, training: TrainingConfig, seed: int) -> Trainer[Any]:
    """Return the trainer of the algorithm that the configuration names, over as many nets as `NETS` says."""
    policy = nets[0]
    rate, updates = training.learning_rate, training.updates
    match training.algorithm:
        case "ppo":
            return PPO(policy, scale, training.ppo, learning_rate=rate, updates=updates, seed=seed)
        case "mmd":
            return MMD(policy, nets[1], scale, training.mmd, learning_rate=rate, updates=updates)
        case "rnad":
            return RNaD(policy, nets[1], nets[2], scale, training.rnad, learning_rate=rate, updates=updates)
        case "nfsp":
            return NFSP(policy, nets[1], nets[2], scale, training.nfsp, learning_rate=rate, updates=updates, seed=seed)
        case "deep_cfr":
            return DeepCFR(policy, nets[1], training.deep_cfr, learning_rate=rate, updates=updates, seed=seed)
        case "token_policy_gradient":
            options = training.token_policy_gradient
            return TokenPolicyGradient(policy, scale, options, learning_rate=rate, updates=updates, seed=seed)
        case "policy_gradient":
            return PolicyGradient(
                policy,
                nets[1],
                scale,
                learning_rate=rate,
                updates=updates,
                kl_weight=training.kl_weight,
                reference_every=training.reference_every,
                decay=training.baseline_decay,
            )
