"""Continuous players whose answers take as long as a test says, in a time of their own."""

from arena.errors import PlayerError
from arena.player import Requests


class Slow:
    """Answers as `player` does, each question `delay(request)` ticks after it came.

    A look at what is there (0 seconds) is one tick; whoever waits, waits until an answer is due.
    """

    def __init__(self, player, delay=lambda request: 1, name=""):
        self.player, self.delay, self.name = player, delay, name or player.name
        self.tick, self.open, self.looks = 0, [], []

    def act(self, batch):
        return self.player.act(batch)

    def submit(self, batch):
        self.open += [(self.tick + self.delay(request), request) for request in batch]

    def collect(self, seconds):
        self.looks.append(seconds)
        if not self.open:
            raise PlayerError("nothing was asked")
        self.tick = max(self.tick + 1, min(due for due, _ in self.open) if seconds else 0)
        ready = [request for due, request in self.open if due <= self.tick]
        self.open = [(due, request) for due, request in self.open if due > self.tick]
        return list(zip(ready, self.act(Requests(ready)), strict=True)) if ready else []
