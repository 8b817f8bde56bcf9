"""The parameters of each learning algorithm: a sub-table of [training] by its name, read where it is chosen."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from arena.config.fields import Count, Strict, Weight
from arena.config.filters import FilterConfig

Baseline = Literal["role", "match", "shared", "none"]
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class PPOConfig(Strict):
    """Proximal policy optimisation: `[training.ppo]`."""

    clip: Positive = 0.2
    """How far the probability of an action may move, relative to the policy that played, before it stops to pay."""
    epochs: Count = 4
    """Passes over a batch."""
    minibatches: Count = 1
    """Parts of a batch, a step of the optimiser each."""
    entropy_weight: Weight = 0.1
    """Price of a nat of entropy in standard deviations of the advantage. It decides more than all the others."""
    trace_decay: Fraction = 0.95
    """λ of generalised advantage estimation."""
    value_weight: Weight = 0.5
    """Weight of the value's squared error."""


class MMDConfig(Strict):
    """Magnetic mirror descent: `[training.mmd]`. Its weights are in standard deviations of the advantage per nat."""

    magnet_weight: Weight = 1.0
    """α, of KL to the magnet that follows the policy."""
    magnet_rate: Fraction = 0.01
    """Part of the way to the policy that the magnet goes after each update; 10 to 50 divided by updates is good."""
    entropy_weight: Weight = 0.1
    """β, of KL to uniform play, at the start."""
    final_entropy_weight: Weight = 0.03
    """β at the end, and on a line between; near 0 play forgets what has fallen out of use."""
    step_size: Positive = 10.0
    """η: 1/η is the price of a nat of KL to the policy that played."""
    epochs: Count = 2
    """Steps of the optimiser per batch."""
    trace_decay: Fraction = 0.95
    """λ of generalised advantage estimation."""
    value_weight: Weight = 0.5
    """Weight of the value's squared error."""


class RNaDConfig(Strict):
    """Regularised Nash dynamics: `[training.rnad]`."""

    regularisation: Positive = 0.2
    """η, price of a nat away from the reference, in units of the game's greatest payoff."""
    reference_every: Count = 100
    """Updates until the policy becomes the reference."""
    threshold: Positive = 3.0
    """How far a logit is pushed from the mean of the legal ones; 2 in DeepNash, whose rare moves are cut at the end."""
    trace_decay: Fraction = 1.0
    """λ of the payoffs that follow a move."""
    value_weight: Weight = 0.5
    """Weight of the value's squared error."""


class NFSPConfig(Strict):
    """Neural fictitious self-play: `[training.nfsp]`."""

    anticipation: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Probability that the best response sits in a seat, and not the average policy, which learns only from it."""
    temperature: Positive = 0.05
    """τ of the best response, in units of the game's greatest payoff."""
    steps: Count = 4
    """Steps of either net's optimiser per update."""
    minibatch: Count = 1024
    """Remembered decisions per step."""
    replay: Count = 100_000
    """Latest decisions that the best response learns from."""
    reservoir: Count = 200_000
    """Decisions of best responses that the average policy learns from, a fair sample of all."""
    target_every: Count = 10
    """Updates between copies of the best response for its targets."""


class DeepCFRConfig(Strict):
    """Deep counterfactual regret minimisation: `[training.deep_cfr]`."""

    steps: Count = 10
    """Steps of either net's optimiser per update."""
    minibatch: Count = 1024
    """Information sets per step; all that were visited, where they are no more than that."""


class TokenPolicyGradientConfig(Strict):
    """Policy gradient on a language model's tokens: `[training.token_policy_gradient]`.

    Weights are prices in units of the game's greatest payoff, of a nat over a whole answer.
    """

    baseline: Baseline = "role"
    """What an advantage is a payoff minus: the mean of its role, of all roles, or nothing; or where several seats of
    one side have one role, the mean of the others in it, and the mean of its role elsewhere."""
    baseline_decay: Annotated[float, Field(ge=0, lt=1)] = 0.95
    """Decay of the baselines, per match."""
    retries: Annotated[int, Field(ge=0)] = 0
    """How often an answer that is no move may be tried again in training. At the first such answer the match is forfeit
    otherwise, so that it is unlearned; in rated matches the referee is more patient."""
    invalid_penalty: Weight = 0.0
    """Price of an answer that is no legal move, beside what the forfeit costs."""
    kl_weight: Weight = 0.0
    """Of KL(policy ‖ reference), at the start. The reference is what the policy was before the first update."""
    final_kl_weight: Weight | None = None
    """At the end, and geometrically between; by default as at the start."""
    reverse_kl_weight: Weight = 0.0
    """Of KL(reference ‖ policy), which forbids to forget what the reference can do."""
    reference_rate: Fraction = 0.0
    """Part of the way to the policy that the reference goes after each update; 0: it stays."""
    entropy_weight: Weight = 0.0
    """Of the entropy of all tokens; of a model that answers in a form, the form falls apart first."""
    warmup: Annotated[int, Field(ge=0)] = 20
    """Steps over which the learning rate rises to its height."""
    epochs: Count = 1
    """Passes over a batch."""
    minibatches: Count = 1
    """Parts of a batch, a step of the optimiser each. One epoch of one part is plain REINFORCE."""
    clip: Positive = 0.2
    """How far a token may become rarer, relative to what it was, before that stops to pay."""
    clip_higher: Positive = 0.28
    """How far it may become more common."""
    correction: Literal["none", "token", "sequence", "masked"] = "token"
    """How the gap between the engine that played and the model that learns is weighed (trainers/token_losses.py)."""
    cap: Annotated[float, Field(gt=1, allow_inf_nan=False)] = 2.0
    """Where those weights are cut."""
    value_weight: Weight = 0.0
    """Of the squared error of a predicted payoff, of an answer beside its log-probability times its advantage. Above 0,
    what the learner predicts (`language_model(…, value=True)`) takes the place of the baselines."""
    trace_decay: Fraction = 1.0
    """λ of generalised advantage estimation over a seat's turns, with predicted payoffs; 1: a turn is worth the payoff
    minus what was predicted before it."""
    filters: FilterConfig | None = None
    """Which turns are learned from: a table of its own; without it all of them."""
    batch_tokens: Count = 16384
    """Tokens that are computed at a time, padding included; gradients add up."""
    processes: Count = 1
    """That learn side by side, each with a copy of the weights on a GPU of its own where there are several."""
    keep_updates: Count = 20
    """Of how many of the latest updates the matches stay in the run's file, with all tokens."""

    @model_validator(mode="after")
    def _check(self) -> TokenPolicyGradientConfig:
        if self.final_kl_weight is not None and not (self.kl_weight > 0 < self.final_kl_weight):
            raise ValueError("final_kl_weight is approached geometrically: give it and kl_weight above 0, or drop it")
        return self
