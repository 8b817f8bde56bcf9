"""Updates by self-play and by example in turn, as `[training.phases]` says; the schedules are those of `phases.py`.

The examples are those of `[base]`, in the words in which the learner itself is asked and answers; each supervised
update draws as many as an update has matches.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arena.batch import TokenBatch
from arena.demonstrations import Demonstration
from arena.errors import ConfigError
from arena.league import League, learner_of
from arena.record import Record
from arena.seeds import derive, generator
from arena.token_rollout import from_lessons
from arena.trainers.base_model import NAME, examples
from arena.trainers.collect import Played
from arena.trainers.collect_answers import ByAnswers
from arena.trainers.imitation import Settings
from arena.trainers.learner import Learner
from arena.trainers.phases import phase
from arena.trainers.trainer import Lessons
from arena.tree import Tree


class ByPhases:
    """Training of language models: what the next update is, and what it learns from."""

    def __init__(self, league: League, matches: ByAnswers) -> None:
        self.league, self.matches = league, matches
        self._examples: list[Demonstration] | None = None
        for role in league.config.training.phases.in_turn:
            known = [of for of, side in zip(league.game.roles, league.game.side_of, strict=True) if side >= 0]
            if role not in known:
                roles = ", ".join(dict.fromkeys(known))
                raise ConfigError(f"training.phases.in_turn names {role!r}; in {league.game.name} learn {roles}")
        self.played: list[Record] = []
        """The matches of the latest update, with their traces; none where it is by example."""

    @property
    def tree(self) -> Tree | None:
        """The exact tables, where the game has them."""
        tree: Tree | None = self.matches.tree
        return tree

    def __call__(self, learner: Learner, share: Mapping[str, float], step: int, matches: int) -> Played:
        """Play matches, against whom the phase says, or draw examples."""
        config = self.league.config
        now = phase(config.training.phases, step, config.seed)
        if now.learn_from == "records":
            self.played = []
            return Played(self._lessons(learner, step, matches), {})
        if now.frozen:
            share = self._frozen(learner.name, share)
        found = self.matches(learner, share, step, matches)
        self.played = self.matches.played
        return self._of_role(found, now.role)

    def more(self, learner: Learner, share: Mapping[str, float], step: int, matches: int) -> Played:
        """Play further matches of the same update, against the same."""
        config = self.league.config
        now = phase(config.training.phases, step, config.seed)
        if now.frozen:
            share = self._frozen(learner.name, share)
        found = self.matches.more(learner, share, step, matches)
        self.played = self.matches.played
        return self._of_role(found, now.role)

    def _of_role(self, played: Played, role: str | None) -> Played:
        """Return what there is to learn in a role; None: in all."""
        if role is None:
            return played
        number = list(dict.fromkeys(self.league.game.roles)).index(role)
        batches = {
            policy_id: batch.where(batch.role == number) if isinstance(batch, TokenBatch) else batch
            for policy_id, batch in played.batches.items()
        }
        return played._replace(batches=batches)

    def kept(self) -> dict[str, Any]:
        """Return what training remembers of its matches; see `ByAnswers.kept`."""
        return self.matches.kept()

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take what `kept` returned."""
        self.matches.restore(kept)

    def _frozen(self, learner: str, share: Mapping[str, float]) -> Mapping[str, float]:
        """Return the learner's last frozen copy as its only opponent; before there is one, those that it would have."""
        copies = [m.name for m in self.league.members("snapshot") if learner_of(m.name) == learner]
        return {copies[-1]: 1.0} if copies else share

    def _lessons(self, learner: Learner, step: int, matches: int) -> dict[str, Lessons]:
        """Return what each policy of a learner learns by example in this update."""
        game, config = self.league.game, self.league.config
        rng = generator(config.seed, "examples", learner.name, step)
        found = {}
        for policy_id, trainer in learner.trainers.items():
            roles = learner.roles(policy_id, game)
            known = [shown for shown in self._known() if shown.request.role in roles]
            if not known:
                raise ConfigError(
                    f"[base] shows no decision in {game.spec}, so nothing can be learned there by example"
                )
            drawn = [known[i] for i in rng.integers(len(known), size=matches)]
            policy: Any = trainer.policy
            pairs = [policy.lesson(*shown) for shown in drawn]
            found[policy_id] = Lessons(from_lessons(game, drawn, pairs, policy_id, policy.version))
        return found

    def _known(self) -> list[Demonstration]:
        """Return all examples; they are played when they are first wanted."""
        if self._examples is None:
            base = self.league.config.base
            assert base is not None
            settings = Settings(seed=derive(self.league.config.seed, NAME))
            shown = examples(base, [self.league.game], settings, lambda *_: None)
            # Recorded runs may be of other games too.
            here = self.league.game.fingerprint
            self._examples = [one for one in shown if one.request.game.fingerprint == here]
        return self._examples
