"""Language models through vLLM, in this program: one engine, continuous batching, many LoRA adapters in one batch.

Where adapters play, the model as it is plays through one as well, a zero one (`zero_adapter.py` says why), and the
engine is not believed: whenever a member joins, every member answers alone and all of them together, and an engine that
gives anyone different answers refuses to go on.

vLLM computes in a process of its own. A program that makes such an engine therefore needs the usual
`if __name__ == "__main__":` (with VLLM_ENABLE_V1_MULTIPROCESSING=0 vLLM stays in this process).
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vllm import SamplingParams
from vllm.lora.request import LoRARequest
from vllm.v1.engine.exceptions import EngineDeadError

from arena.errors import ConfigError, PlayerError, reason
from arena.players.engines.choosing import choose
from arena.players.engines.codec import Codec
from arena.players.engines.engine import Prompt, Reply, Sampling, Texts
from arena.players.engines.probe import PROBES, SLACK, Probe, alike
from arena.players.engines.vllm_start import start
from arena.players.engines.zero_adapter import FILES, check_adapter, linear_layers, write_zero_adapter
from arena.seeds import nth, uniform

_PROBE = SamplingParams(max_tokens=8, temperature=0, logprobs=2, detokenize=False)

_COLDEST = 0.01
"""The lowest temperature, 0 apart, at which vLLM draws."""


@dataclass(eq=False)
class _Asked:
    """A reply in the making."""

    ticket: int
    prompt: list[int]
    sampling: Sampling
    version: int
    """Of the weights that answer."""


@dataclass(eq=False)
class _Scoring:
    """Answers whose likelihood is measured; of a choice among them, whose."""

    answers: list[list[int]]
    found: dict[int, NDArray[np.float64]]
    asked: _Asked | None = None


_Work = tuple[_Asked | _Scoring | Probe, int]


class VllmEngine:
    """Answers prompts with one model, a folder or a name that the local cache of Hugging Face knows.

    `dtype` is the precision (by default float32 on a CPU and the model's own on a GPU), `adapters` how many LoRA
    adapters can be in a batch beside the model as it is (more take turns; 0: none can play), `rank` the highest rank
    that they may have (a power of 2 from 8 to 512), `context` how many tokens a prompt and its reply may have (by
    default what the model can read), `memory` the GiB of keys and values that are kept (by default 4 on a CPU, and most
    of a GPU), `sleep` lets it give up a GPU's memory while its model learns, `template` is what the chat template is
    told besides the conversation, and `gpu` which of several GPUs it has (by default the first). Raises ConfigError
    where vLLM cannot be started with that. Not for threads.
    """

    def __init__(
        self,
        model: str,
        dtype: str | None = None,
        adapters: int = 4,
        rank: int = 32,
        context: int | None = None,
        memory: float | None = None,
        sleep: bool = False,
        template: Mapping[str, Any] | None = None,
        gpu: int | None = None,
    ) -> None:
        if adapters < 0:
            raise ConfigError(f"adapters = {adapters} will not do: give how many may be in a batch, from 0")
        if sleep and adapters:
            raise ConfigError("sleep = True is for a model whose own weights learn: it goes with adapters = 0")
        self._sleep, self._asleep = sleep, False
        self._model, self._adapters, self._rank = model, adapters, rank
        self._folder = TemporaryDirectory(prefix="arena-adapters-")
        self._codec = Codec(model, template)
        self._layers = linear_layers(model)
        try:
            self._llm: Any = start(model, dtype, context, memory, sleep, adapters, rank, self._layers, gpu)
        except ConfigError:
            self._folder.cleanup()
            raise
        config = self._llm.llm_engine.vllm_config.model_config
        self._context = int(config.max_model_len)
        self._slack = SLACK.get(str(config.dtype).removeprefix("torch."), SLACK["rest"])
        self._dead = ""
        self._requests: dict[str, _Work] = {}
        self._numbered = 0
        self._done: dict[int, Reply] = {}
        self._open: dict[int, _Asked] = {}
        self._tickets = 0
        self._members: dict[str, LoRARequest | None] = {}
        self._joined = 0
        self._versions: dict[str, int] = {}
        """Of members whose weights change."""
        self._alone: dict[str, list[Probe]] = {}
        if adapters:
            self._join("", write_zero_adapter(Path(self._folder.name) / "zero", self._layers))
        else:
            self._members[""] = None
            self._probed([None])
        if self._dead:
            self.close()
            raise ConfigError(f"vLLM has failed at once with the model {model!r}: {self._dead}")

    def submit(self, prompt: Prompt, sampling: Sampling, member: str = "") -> int:
        """Take a prompt. One that fills all that the model can read is answered with nothing, by its length."""
        if sampling.choices and (sampling.top_p < 1 or sampling.top_k):
            raise PlayerError("choices are drawn by the model's whole law, so they go without top_p and top_k")
        if 0 < sampling.temperature < _COLDEST and not sampling.choices:
            raise PlayerError(f"vLLM draws at no temperature between 0 and {_COLDEST}: give one of them")
        adapter = self._member(member)
        ids = self._codec.prompt(prompt)
        answers = [self._codec.answer(text) for text in sampling.choices]
        asked = self._open[self._tickets] = _Asked(self._tickets, ids, sampling, self._versions.get(member, 0))
        self._tickets += 1
        most = min(sampling.max_tokens, self._context - len(ids))
        if self._dead:
            self._fail()
        elif most < 1 or len(ids) + max(map(len, answers), default=0) > self._longest(answers):
            self._finish(asked, [], [])
        elif answers:
            self._measure(ids, _Scoring(answers, {}, asked), adapter)
        else:
            self._add(ids, self._params(sampling, most), adapter, (asked, 0))
        return asked.ticket

    def collect(self, tickets: Collection[int], seconds: float) -> dict[int, Reply]:
        """Go on answering until one of these tickets has its reply, or the time is up; see `Engine`."""
        strange = set(tickets) - self._open.keys()
        if strange:
            raise PlayerError(f"there is no open ticket {min(strange)}: each is collected once")
        end = monotonic() + seconds
        while self._done.keys().isdisjoint(tickets) and tickets:
            self._advance(end)
            if monotonic() >= end:
                break
        ready = {ticket: self._done.pop(ticket) for ticket in tickets if ticket in self._done}
        for ticket in ready:
            del self._open[ticket]
        return ready

    def score(self, asked: Sequence[Texts], member: str = "") -> list[list[NDArray[np.float32]]]:
        """Return the log-probability of each token of each text and of the end; see `Engine`."""
        adapter = self._member(member)
        pairs = [(self._codec.prompt(prompt), [self._codec.answer(text) for text in texts]) for prompt, texts in asked]
        for ids, answers in pairs:
            longest, most = len(ids) + max(map(len, answers), default=0), self._longest(answers)
            if longest > most:
                raise PlayerError(f"a prompt and an answer of {longest} tokens exceed the {most} of vLLM")
        scorings = [_Scoring(answers, {}) for _, answers in pairs]
        for (ids, _), scoring in zip(pairs, scorings, strict=True):
            self._measure(ids, scoring, adapter)
        while any(len(scoring.found) < len(scoring.answers) for scoring in scorings) and not self._dead:
            self._advance()
        if self._dead:
            raise PlayerError(f"vLLM has failed, so it can score nothing: {self._dead}")
        return [[s.found[i].astype(np.float32) for i in range(len(s.answers))] for s in scorings]

    def renew(self, member: str, version: int, folder: Path | None = None) -> None:
        """Let a member answer with the weights of a folder from now on; see `Renewable`.

        What is open is answered first, with the weights that it was asked for. An adapter joins under a name that no
        other had, since vLLM remembers what it has computed by name, and the one before it goes.
        """
        if folder is None:
            raise PlayerError("vLLM has weights of its own: they change only by what is in a folder")
        if self._llm is None:
            raise PlayerError("this engine is closed: make another one")
        if member:
            before = self._members.get(member)
            self._join(member, self._copied(str(folder)))
            if before is not None and not self._dead:
                self._llm.llm_engine.remove_lora(before.lora_int_id)
                shutil.rmtree(before.lora_path)
        else:
            self._reload(folder)
        self._versions[member] = version

    def rest(self) -> None:
        """Give the memory of a GPU to others until `renew`, where the engine has been made with `sleep`."""
        if self._sleep and not self._dead:
            self._empty()
            self._llm.sleep(level=2)  # the weights are discarded too: others will come
            self._asleep = True

    def _reload(self, folder: Path) -> None:
        """Take all weights of the model from a folder. Weights wake up before they are loaded, and the cache last.

        Raises ConfigError where vLLM would go on with a part of the old ones.
        """
        config = self._llm.llm_engine.vllm_config
        if config.device_config.device_type == "cpu" and config.model_config.hf_text_config.tie_word_embeddings:
            raise ConfigError(
                "on a CPU vLLM keeps a packed copy of a head that is tied to the embeddings and never renews it: "
                "let an adapter learn (rank = 8), or let transformers play (engine = 'transformers')"
            )
        self._empty()
        try:
            if self._asleep:
                self._llm.wake_up(tags=["weights"])
            self._llm.collective_rpc("reload_weights", kwargs={"weights_path": str(folder)})
            if self._asleep:
                self._llm.wake_up(tags=["kv_cache"])
            self._llm.reset_prefix_cache()
        except Exception as error:  # noqa: BLE001 - whatever it is, vLLM has failed and not the player
            self._die(error)
        self._asleep = False

    def close(self) -> None:
        """Let go of the model and of all that is not answered."""
        if self._llm is not None:
            self._llm.llm_engine.engine_core.shutdown()
        self._llm = None
        for held in (self._requests, self._done, self._open, self._members):
            held.clear()
        self._folder.cleanup()

    # Requests to vLLM.

    def _longest(self, answers: Sequence[Sequence[int]]) -> int:
        """Return how many tokens a request may have; one that scores an answer draws a token that nobody wants."""
        return self._context - bool(answers)

    def _params(self, sampling: Sampling, most: int) -> SamplingParams:
        return SamplingParams(
            max_tokens=most,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k,
            seed=sampling.seed,
            stop_token_ids=list(self._codec.ends),
            logprobs=0,
            detokenize=False,
        )

    def _measure(self, prompt: list[int], scoring: _Scoring, adapter: LoRARequest | None) -> None:
        params = SamplingParams(max_tokens=1, temperature=0, prompt_logprobs=0, detokenize=False)
        for i, answer in enumerate(scoring.answers):
            self._add([*prompt, *answer], params, adapter, (scoring, i))

    def _add(self, ids: list[int], params: SamplingParams, adapter: LoRARequest | None, work: _Work) -> None:
        name = str(self._numbered)
        self._numbered += 1
        if self._dead:
            return
        self._requests[name] = work
        try:
            self._llm.llm_engine.add_request(name, {"prompt_token_ids": ids}, params, lora_request=adapter)
        except Exception as error:  # noqa: BLE001 - whatever it is, vLLM has failed and not the player
            self._die(error)

    def _advance(self, until: float = float("inf")) -> None:
        """Give every request its next token, and take what is finished; wait for it until the time is up at most."""
        try:
            if not self._waited(until):
                return
            outputs = self._llm.llm_engine.step()
        except Exception as error:  # noqa: BLE001 - whatever it is, vLLM has failed and not the player
            self._die(error)
            return
        for output in outputs:
            if output.finished:
                self._take(*self._requests.pop(output.request_id), output)

    def _waited(self, until: float) -> bool:
        """Return whether vLLM has something to say; to ask its process itself would wait for ever once that is gone."""
        core = self._llm.llm_engine.engine_core
        queue = getattr(core, "outputs_queue", None)
        while queue is not None and queue.empty():
            if core.resources.engine_dead:
                raise RuntimeError("its process has ended")
            if monotonic() >= until:
                return False
            sleep(2e-4)
        return True

    def _take(self, work: _Asked | _Scoring | Probe, index: int, output: Any) -> None:
        said = output.outputs[0]
        ids = list(said.token_ids)
        if isinstance(work, Probe):
            work.said = [
                {token: row[token].logprob for token in dict.fromkeys([drawn, *row])}
                for drawn, row in zip(ids, said.logprobs, strict=True)
            ]
        elif isinstance(work, _Asked):
            greedy = work.sampling.temperature == 0
            pairs = zip(ids, said.logprobs, strict=True)
            self._finish(work, ids, [0.0 if greedy else row[token].logprob for token, row in pairs])
        else:
            answer = work.answers[index]
            rows = output.prompt_logprobs[-len(answer) :]
            work.found[index] = np.array([row[token].logprob for token, row in zip(answer, rows, strict=True)])
            if work.asked is not None and len(work.found) == len(work.answers):
                self._choose(work, work.asked)

    def _choose(self, scoring: _Scoring, asked: _Asked) -> None:
        how = asked.sampling
        total = [scoring.found[i].sum() for i in range(len(scoring.answers))]
        which, logp = choose(scoring.answers, total, how.temperature, uniform(nth(how.seed, 0)))
        self._finish(asked, scoring.answers[which], logp.tolist(), how.choices[which])

    def _finish(self, asked: _Asked, ids: list[int], logp: list[float], text: str | None = None) -> None:
        if not np.isfinite(logp).all():
            raise PlayerError("the model gives log-probabilities that are not finite: its weights are damaged")
        reply = self._codec.reply(asked.prompt, ids, logp, text)
        self._done[asked.ticket] = reply._replace(version=asked.version)

    def _die(self, error: Exception) -> None:
        self._dead = f"{type(error).__name__}: {error}"
        self._fail()

    def _fail(self) -> None:
        """Answer all that is open: nobody loses by it."""
        self._requests.clear()
        for ticket in self._open.keys() - self._done.keys():
            self._done[ticket] = Reply(f"vLLM has failed: {self._dead}", "unavailable")

    # Members.

    def _member(self, folder: str) -> LoRARequest | None:
        """Return the adapter of a member, which joins when it is first asked for."""
        if self._llm is None:
            raise PlayerError("this engine is closed: make another one")
        if folder not in self._members and not self._dead:
            if not self._adapters:
                raise ConfigError(f"adapters = 0 leaves no room for {folder!r}: give how many may be in a batch")
            self._join(folder, self._copied(folder))
        return self._members.get(folder)

    def _copied(self, folder: str) -> Path:
        """Return a copy of an adapter: vLLM may read it again, and it shall be what it was when it joined."""
        check_adapter(folder, self._layers, self._rank)
        copy = Path(self._folder.name) / f"member{self._joined}"
        copy.mkdir()
        for file in FILES:
            shutil.copyfile(Path(folder) / file, copy / file)
        return copy

    def _join(self, folder: str, files: Path) -> None:
        """Let a member in, under a name and a number that no other had or will have, once all that is open is done."""
        self._joined += 1
        adapter = LoRARequest(files.name, self._joined, str(files))
        self._empty()
        try:
            self._llm.llm_engine.add_lora(adapter)
        except EngineDeadError as error:
            self._die(error)
        except Exception as error:
            raise ConfigError(f"the adapter {folder!r} does not fit the model: {reason(error)}") from error
        alone = {**self._alone, folder: self._probed([adapter])[0]}
        members = {**self._members, folder: adapter}
        for name, together in zip(members, self._probed(list(members.values())), strict=True):
            if not all(alike(one, other, self._slack) for one, other in zip(alone[name], together, strict=True)):
                raise PlayerError(
                    f"vLLM answers for {name or 'the model as it is'!r} with other weights when others are in its "
                    "batch: let transformers play these players (engine = 'transformers'), or another version of vLLM"
                )
        self._members, self._alone = members, alone

    def _probed(self, adapters: Sequence[LoRARequest | None]) -> list[list[Probe]]:
        """Return what each of these members says to the probes, all asked in one batch."""
        probes = [[Probe([]) for _ in PROBES] for _ in adapters]
        for adapter, row in zip(adapters, probes, strict=True):
            for prompt, probe in zip(PROBES, row, strict=True):
                self._add(self._codec.prompt(prompt), _PROBE, adapter, (probe, 0))
        self._empty()
        return probes

    def _empty(self) -> None:
        """Go on until everything is answered; the replies are kept."""
        while self._requests:
            self._advance()
