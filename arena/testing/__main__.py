"""`python -m arena.testing SPEC`: two playthroughs of a game, as tests/golden keeps them."""

from __future__ import annotations

import sys

from arena.errors import ArenaError
from arena.registry import load_game
from arena.testing.playthrough import playthrough


def _main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        _fail("give one game: python -m arena.testing SPEC")
    try:
        game = load_game(arguments[0])
        sys.stdout.write("\n".join(playthrough(game, seed) for seed in (0, 1)))
    except ArenaError as error:
        _fail(str(error))


def _fail(sentence: str) -> None:
    sys.stderr.write(f"arena.testing: {sentence}\n")
    sys.exit(2)


if __name__ == "__main__":
    _main(sys.argv[1:])
