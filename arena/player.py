"""Who decides: the question a player is asked, the answer it gives, and what a learner adds to that.

A player answers batches: the referee collects every open question of a round and asks once. A request holds
all that the seat knows, so players need no memory between calls, and all randomness of a player comes from
`Request.seed`, so a match can be played again exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, overload, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError, HiddenState, PlayerError
from arena.game import Game, Text
from arena.seeds import uniforms

if TYPE_CHECKING:
    import torch

    from arena.batch import DecisionBatch, TokenBatch

_NOTHING: Mapping[str, NDArray[Any]] = MappingProxyType({})


class Fault(StrEnum):
    """Why a reply holds no action."""

    UNPARSABLE = "unparsable"
    """There was an answer, but no action could be read from it."""
    EMPTY = "empty"
    """There was no answer."""
    TRUNCATED = "truncated"
    """The answer ran into its length limit before it named an action."""
    TIMEOUT = "timeout"
    """The player let its own time run out: the match is forfeit, without another try."""
    RESIGN = "resign"
    """The player gives the match up."""
    CRASHED = "crashed"
    """The player broke down, as if it had raised an error: the match is void, and it counts against the player."""
    UNAVAILABLE = "unavailable"
    """The infrastructure failed, not the player: the match is void, and it counts against nobody."""


class Move(NamedTuple):
    """One answer."""

    action: str | None
    raw: str = ""
    """The whole reply as it came, for the log; empty where the action says it all."""
    trace: Mapping[str, NDArray[Any]] = _NOTHING
    """What this player's trainer needs (log-probabilities, token ids); opaque to everyone else.

    But for what an answer has cost, if the player keeps its traces: "dollars", "prompt_tokens", "completion_tokens".
    """
    fault: Fault | None = None


def is_unicode(text: str) -> bool:
    """Return whether the text can be written to a file: half of a surrogate pair cannot."""
    return text.isascii() or text.encode("utf-8", "replace").decode() == text


class Request:
    """One question to a player: all that a seat knows, and what it may do."""

    __slots__ = (
        *("_encoded", "_legal", "_past", "_past_len", "_state", "_text"),
        *("complaint", "game", "match", "seat", "seed"),
    )

    def __init__(
        self,
        game: Game[Any],
        state: Any,
        seat: int,
        *,
        seed: int = 0,
        match: str = "",
        complaint: str = "",
        past: Sequence[tuple[Any, str]] = (),
        legal: Sequence[str] | Text | None = None,
    ) -> None:
        self.game = game
        self._state = state
        self.seat = seat
        """Which seat is asked."""
        self.seed = seed
        """The only source of randomness: derived from (run, match, seat, turn, try)."""
        self.match = match
        """Which match this is, for logs."""
        self.complaint = complaint
        """Why the last try was refused; empty at first."""
        self._past = past
        self._past_len = len(past)
        self._legal = legal  # whoever asks may know it already
        self._text: str | None = None
        self._encoded: NDArray[np.float32] | None = None

    @property
    def role(self) -> str:
        """The role of this seat."""
        return self.game.roles[self.seat]

    @property
    def text(self) -> str:
        """The view: all that this seat knows."""
        if self._text is None:
            self._text = self.game.view(self._state, self.seat)
        return self._text

    @property
    def legal(self) -> Sequence[str] | Text:
        """The moves that the rules allow."""
        if self._legal is None:
            self._legal = self.game.legal(self._state, self.seat)
        return self._legal

    @property
    def past(self) -> tuple[tuple[str, str], ...]:
        """This seat's own earlier (view, reply) pairs in this match, oldest first."""
        return tuple((self.game.view(s, self.seat), reply) for s, reply in self._past[: self._past_len])

    def tensor(self) -> NDArray[np.float32]:
        """Return the view as the game encodes it."""
        if self._encoded is None:
            self._encoded = self.game.encode(self._state, self.seat)
        return self._encoded

    def draw(self) -> str:
        """Return the position as this seat may see it, drawn for people."""
        return self.game.draw(self._state, self.seat)

    def sample(self, weights: NDArray[Any]) -> int:
        """Draw a position with probability proportional to `weights`, using this request's seed."""
        return int(_draw(np.asarray(weights)[None], uniforms([self.seed]))[0])

    def reseeded(self, seed: int) -> Request:
        """Return the same question with other randomness."""
        past = self._past[: self._past_len]
        return Request(
            self.game, self._state, self.seat, seed=seed, match=self.match, complaint=self.complaint, past=past,
            legal=self._legal,
        )  # fmt: skip

    def state(self) -> Any:
        """Return the state itself, for search. Raises HiddenState where the game hides information."""
        if self.game.hidden:
            raise HiddenState(
                f"{self.game.name} hides information, so a player may not see its state: "
                "use request.text, request.tensor() or request.resample(rng)"
            )
        return self._state

    def resample(self, rng: np.random.Generator) -> Any:
        """Return a state that this seat could be in, for search: the game draws it from what the seat knows."""
        return self.game.resample(self._state, self.seat, rng)


class Requests(Sequence[Request]):
    """A batch of questions about one game; its tensors are built once and kept."""

    def __init__(self, requests: Iterable[Request]) -> None:
        self._requests = list(requests)

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[Request]:
        return iter(self._requests)

    @overload
    def __getitem__(self, index: int) -> Request: ...
    @overload
    def __getitem__(self, index: slice) -> Requests: ...
    def __getitem__(self, index: int | slice) -> Request | Requests:
        if isinstance(index, slice):
            return Requests(self._requests[index])
        return self._requests[index]

    @property
    def game(self) -> Game[Any]:
        """The game that all requests are about."""
        return self._requests[0].game

    @cached_property
    def _tensor(self) -> NDArray[np.float32]:
        return np.stack([request.tensor() for request in self._requests])

    @cached_property
    def _mask(self) -> NDArray[np.bool_]:
        index = {action: i for i, action in enumerate(self.game.actions)}
        if not index:
            raise PlayerError(f"{self.game.name} has no closed vocabulary (Game.actions), so its moves have no mask")
        mask = np.zeros((len(self), len(index)), np.bool_)
        for row, request in zip(mask, self._requests, strict=True):
            legal = request.legal
            if isinstance(legal, Text):
                if not legal.moves:
                    raise PlayerError(f"{self.game.name} has free text moves, which have no mask")
                legal = legal.moves
            for action in legal:
                if action not in index:
                    raise GameError(f"{self.game.name} allows {action!r}, which is not among its actions")
                row[index[action]] = True
        return mask

    def tensor(self) -> NDArray[np.float32]:
        """Return the encoded views, shape (B, …)."""
        return self._tensor

    def mask(self) -> NDArray[np.bool_]:
        """Return which actions are legal, shape (B, A), in the order of `game.actions`; of talk, the moves alone."""
        return self._mask

    def uniforms(self) -> NDArray[np.float64]:
        """Return one number in [0, 1) per request from its seed, shape (B,)."""
        return uniforms([request.seed for request in self._requests])

    def sample(self, policy: NDArray[Any]) -> NDArray[np.int64]:
        """Draw one action per row of `policy` (B, A), using each request's own seed; shape (B,)."""
        return _draw(policy, self.uniforms())


def _draw(weights: NDArray[Any], uniforms: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return one position per row of `weights` (B, A) for numbers in [0, 1) (B,); never one of weight 0."""
    cumulative = np.cumsum(weights, axis=1, dtype=np.float64)
    total = cumulative[:, -1]
    drawable = (total > 0) & (total < np.inf)
    if not drawable.all():
        raise PlayerError(f"weights must be finite and not all 0 to draw from, but are {weights[drawable.argmin()]}")
    chosen: NDArray[np.int64] = (cumulative <= (uniforms * total)[:, None]).sum(axis=1)
    # Where rounding carries a draw up to the total, it belongs to the last action that has any weight.
    last = weights.shape[1] - 1 - (weights[:, ::-1] > 0).argmax(axis=1)
    drawn: NDArray[np.int64] = np.minimum(chosen, last)
    return drawn


@runtime_checkable
class Player(Protocol):
    """Anything that can take a seat.

    A player that cannot play many matches side by side (a person) has `matches_at_once`, and is given no more.
    One whose traces are to be kept in the run's file, with the match, says `keeps_traces = True`, and one whose answers
    depend on its own earlier replies in the match (`Request.past`) says `remembers = True`. One that holds something
    (a program, an engine, a connection) has `close()`, which whoever made it from a spec calls at the end.
    """

    name: str

    def act(self, batch: Requests) -> Sequence[Move]:
        """Answer every request: same order, same length, randomness only from `Request.seed`."""


@runtime_checkable
class Continuous(Player, Protocol):
    """A player that answers each question when it can: no match waits for another's slow answer.

    After an error in `submit` or `collect`, what it still owes is asked anew by `act`, each question alone.
    """

    def submit(self, batch: Requests) -> None:
        """Take questions and return at once."""

    def collect(self, seconds: float) -> Sequence[tuple[Request, Move]]:
        """Go on answering, or wait, for about so many seconds at most; return each answer with its question.

        Returns as soon as there is one; each of the requests that were submitted comes back once, in any order.
        With 0 seconds it does the least that it can: an engine in this process makes a step, others look.
        """


@runtime_checkable
class HasPolicy(Player, Protocol):
    """A player that can state the law of `act`, which makes exact evaluation possible."""

    def policy(self, batch: Requests) -> NDArray[np.float64]:
        """Return action probabilities, shape (B, A), 0 where illegal, each row summing to 1."""


@runtime_checkable
class HasLaw(Player, Protocol):
    """A player whose replies need not be legal moves, and that can state how likely each is, and that none is said."""

    def law(self, batch: Requests) -> NDArray[np.float64]:
        """Return the probability of each action and, last, of a reply that is no legal move: shape (B, A + 1).

        0 where illegal, each row summing to 1. It is the law of the first reply: what a second try would bring, where
        the referee allows one, is another question.
        """


class Evaluation(NamedTuple):
    """What a policy says of a batch of decisions, differentiable; B rows."""

    logp: torch.Tensor
    """(B,) log-probability of the action taken, in nats."""
    entropy: torch.Tensor
    """(B,) entropy of the action distribution, in nats."""
    value: torch.Tensor
    """(B,) predicted payoff of the seat to move, divided by the game's scale."""
    log_policy: torch.Tensor | None = None
    """(B, A) log-probabilities of all actions, where the vocabulary is closed."""


@runtime_checkable
class Loadable(Player, Protocol):
    """A player that a checkpoint folder can hold."""

    version: int

    def save(self, folder: Path) -> None:
        """Write a checkpoint folder."""

    def load(self, folder: Path) -> None:
        """Take the contents and the version of a checkpoint folder of the same shape."""


@runtime_checkable
class Trainable(Loadable, Protocol):
    """A player that a trainer can improve; trainers know a policy only through these methods."""

    def parameters(self) -> Iterable[torch.nn.Parameter]:
        """Return what an optimiser may change."""

    def evaluate(self, batch: DecisionBatch) -> Evaluation:
        """Return log-probabilities, entropies and values of the batch, differentiable."""


class TokenEvaluation(NamedTuple):
    """What a language model says of a batch of answers, differentiable; S sampled tokens of N turns."""

    logp: torch.Tensor
    """(S,) log-probability of each sampled token, in nats."""
    log_policy: torch.Tensor
    """(S, V) log-probabilities of all tokens in its place."""
    value: torch.Tensor | None = None
    """(N,) payoff that is predicted before each answer, divided by the game's scale; None without a value head."""


class TokenPolicy(Protocol):
    """The weights of a language model, to be asked about answers."""

    def parameters(self) -> Iterable[torch.nn.Parameter]:
        """Return the weights, in one order for all policies of one shape."""

    def evaluate(self, batch: TokenBatch) -> TokenEvaluation:
        """Return log-probabilities of all sampled tokens of the batch, in its order, differentiable."""

    def frozen(self) -> TokenPolicy:
        """Return a copy of the weights as they are now, to be compared with; it predicts nothing."""


@runtime_checkable
class TrainableTokens(Loadable, TokenPolicy, Protocol):
    """A language model that a trainer can improve. What learns and what plays may be two things: see `sync`."""

    max_tokens: int
    """The most tokens that an answer may have."""
    predicts: bool
    """Whether `evaluate` predicts payoffs: it has a value head, whose weights come last."""

    def replica(self) -> Callable[[int], TokenPolicy]:
        """Return what makes weights of the same shape in another process, on the GPU of a number if there are several.

        It can be pickled. What the weights are is not said: they are to be given.
        """

    def rest(self) -> None:
        """Let what plays give up its memory until `sync`, where it can."""

    def sync(self) -> None:
        """Let the weights as they are now play, under this version; every trace tells the version that played."""


def close(players: Iterable[Player]) -> None:
    """Let players give up what they hold (programs, engines, connections), where they hold anything."""
    for player in players:
        if callable(end := getattr(player, "close", None)):
            end()
