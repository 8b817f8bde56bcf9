"""Whether a language model reasons better or worse while it learns to play: a benchmark before, during and after.

What is measured is what was saved, as an ordinary player, so longer replies than a move can be asked for; the replies
are kept in a folder beside the run.
"""

from __future__ import annotations

from pathlib import Path

from arena.benchmarking import measure
from arena.config.league_file import TransferConfig
from arena.errors import ConfigError
from arena.league import League
from arena.player import close
from arena.registry import load_player, parse, respelled

BEFORE = "before"
"""The end of the name under which a learner's first model stands in the measures."""


def before(league: League, learner: str) -> dict[str, float]:
    """Measure the model that a learner begins with."""
    spec = league.spec(league.config.learners[learner].player)
    asked = {key: value for key, value in parse(spec).parameters.items() if key in _OF_CHAT}
    return _measured(league, respelled("chat", asked), f"{learner}-{BEFORE}", 0)


def during(league: League, snapshot: str, step: int) -> dict[str, float]:
    """Measure a snapshot."""
    return _measured(league, str(league.home / "checkpoints" / snapshot), snapshot, step)


_OF_CHAT = ("model", "engine", "answer", "options")
"""The parameters of a learner that its model is played with before it has learned."""


def _measured(league: League, spec: str, name: str, step: int) -> dict[str, float]:
    config = league.config.transfer
    assert config is not None
    if not Path(config.questions).is_file():
        raise ConfigError(
            f"transfer.questions: there is no file {config.questions}: arena new questions makes one, or name another"
        )
    player = load_player(_asked_for(spec, config), league.game, name)
    try:
        seed, folder = league.config.seed, league.home / "transfer"
        return measure(player, config.questions, config.samples, seed, folder=folder, step=step).measures()
    finally:
        close([player])


def _asked_for(spec: str, config: TransferConfig) -> str:
    return respelled(spec, {"max_tokens": config.max_tokens, "thinking": config.thinking})
