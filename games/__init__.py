"""The rules: one file per game. A game imports `arena` and nothing else of ours."""

if __name__ == "games":
    raise ImportError("this folder is the package arena.games: import that name")
