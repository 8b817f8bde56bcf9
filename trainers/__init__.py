"""What improves: advantages, losses, optimisers and the training loop, each readable alone."""

if __name__ == "trainers":
    raise ImportError("this folder is the package arena.trainers: import that name")
