"""What a critic net learns against a sneaky one, on problems and kinds of errors that it has not met. Run it:

    python tests/benchmarks/bench_sneaky_critic.py [--seed 1] [--updates 400] [--run FOLDER] [--steps 3000]

It trains `sneaky_critic_league.toml` (or goes on with a run of it), and has the first weights and every snapshot judge
steps of test problems, half of them right and half drawn wrong: by the kinds of errors of the training, and by all
other kinds. Printed are the shares of right verdicts on right and on wrong steps, and balanced accuracy with its 95%
interval.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import arena
from arena.config import LeagueConfig, load
from arena.game import Game
from arena.games.corruptions import KINDS
from arena.games.critic_accuracy import accuracy, critiques
from arena.games.sneaky_critic import SneakyCritic
from arena.match import Fixture, play_fixtures
from arena.player import Player
from arena.registry import load_checkpoint, load_game, load_player

FILE = Path(__file__).resolve().parents[2] / "tournaments" / "sneaky_critic_league.toml"


def judged(name: str, critic: Player, game: SneakyCritic, what: str, steps: int) -> None:
    """Print how well a critic judges so many steps, of which wrong ones are drawn evenly by kind."""
    fixtures = [Fixture(f"{i:06d}", "play", ("drawn", "critic"), 10**6 + i, "") for i in range(steps)]
    players = {"drawn": load_player("uniform", game), "critic": critic}
    found = accuracy(critiques(play_fixtures(game, fixtures, players), game))
    print(
        f"{name:12} {what:12} right steps {found.true.value:.3f}  wrong steps {found.wrong.value:.3f}  balanced "
        f"{found.balanced.value:.3f} [{found.balanced.low:.3f}, {found.balanced.high:.3f}]",
        flush=True,
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--updates", type=int, default=400)
    arguments.add_argument("--run", type=Path)
    arguments.add_argument("--steps", type=int, default=3000)
    chosen = arguments.parse_args()
    changes = [f"seed={chosen.seed}", f"training.updates={chosen.updates}"]
    config = load(FILE, LeagueConfig, changes)
    learned: Game[Any] = load_game(config.game)
    assert isinstance(learned, SneakyCritic)
    with tempfile.TemporaryDirectory() as scratch:
        run = chosen.run or Path(scratch) / "run"
        arena.train(config, run)
        spec = f"by_role(player={config.learners['main'].player!r})"
        critics = {"untrained": load_player(spec, learned, "critic", chosen.seed)}
        for folder in sorted((run / "checkpoints").iterdir()):
            critics[folder.name] = load_checkpoint(folder, learned, "critic")
        other = [kind for kind in KINDS if kind not in learned.errors]
        for what, errors in (("same kinds", list(learned.errors)), ("other kinds", other)):
            game = SneakyCritic(words=False, part="test", errors=errors)
            for name, critic in critics.items():
                judged(name, critic, game, what, chosen.steps)


if __name__ == "__main__":
    main()
