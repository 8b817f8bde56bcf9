"""Who decides: one file per kind of player. A player imports `arena` and nothing else of ours."""

if __name__ == "players":
    raise ImportError("this folder is the package arena.players: import that name")
