"""The parameters of each learning algorithm: a sub-table of [training] by its name, read where it is chosen."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from arena.config.fields import Count, Strict, Weight

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
