"""A random life of a batch, held against a plain list of what every row has seen."""

import pytest
import torch
from transformers.cache_utils import DynamicCache

from arena.players.engines.key_values import KeyValues
from arena.seeds import generator

HEADS, SIZE, LAYERS = 2, 3, 2


def prefilled(rows: list[torch.Tensor]) -> DynamicCache:
    """Return the cache of left-padded rows, each (heads, length, size); the padding is garbage."""
    width = max(row.shape[1] for row in rows)
    batch = torch.full((len(rows), HEADS, width, SIZE), 99.0)
    for i, row in enumerate(rows):
        batch[i, :, width - row.shape[1] :] = row
    cache = DynamicCache()
    for layer in range(LAYERS):
        cache.update(batch + layer, -batch - layer, layer)
    return cache


@pytest.mark.parametrize("seed", range(4))
def test_every_row_keeps_what_it_has_seen(seed: int) -> None:
    rng, torch_rng = generator(seed), torch.Generator().manual_seed(seed)
    memory = KeyValues(5)
    rows: list[torch.Tensor] = []
    for _ in range(200):
        if len(rows) < 5 and rng.random() < 0.4:
            new = [torch.randn(HEADS, int(rng.integers(1, 30)), SIZE, generator=torch_rng) for _ in range(3)]
            let_in = sorted(rng.choice(3, size=min(2, 5 - len(rows)), replace=False).tolist())
            memory.admit(prefilled(new), let_in, [new[i].shape[1] for i in let_in])
            rows += [new[i] for i in let_in]
        if not rows:
            continue
        assert memory.positions()[:, 0].tolist() == [row.shape[1] for row in rows]
        token = torch.randn(len(rows), HEADS, 1, SIZE, generator=torch_rng)
        rows = [torch.cat([row, one], dim=1) for row, one in zip(rows, token, strict=True)]
        cache, mask = memory.cache(), memory.mask().bool()
        for layer in range(LAYERS):
            keys, values = cache.update(token + layer, -token - layer, layer)
            assert keys.shape[2] == mask.shape[1] == max(row.shape[1] for row in rows)
            for i, row in enumerate(rows):
                torch.testing.assert_close(keys[i][:, mask[i]], row + layer)
                torch.testing.assert_close(values[i][:, mask[i]], -row - layer)
        memory.advance()
        kept = [i for i in range(len(rows)) if rng.random() > 0.2]
        rows = [rows[i] for i in memory.keep(kept)]
        assert len(rows) == len(kept)


def test_gaps_are_filled_from_the_end() -> None:
    memory = KeyValues(4)
    rows = [torch.ones(HEADS, n, SIZE) for n in (1, 2, 3, 4)]
    memory.admit(prefilled(rows), [0, 1, 2, 3], [1, 2, 3, 4])
    assert memory.keep([1, 3]) == [3, 1]
    assert memory.positions()[:, 0].tolist() == [4, 2]
    assert memory.keep([]) == []


def test_a_batch_that_few_use_stays_small() -> None:
    memory = KeyValues(1000)
    memory.admit(prefilled([torch.ones(HEADS, 5, SIZE)]), [0], [5])
    layer = memory.cache().layers[0]
    assert layer.keys.shape[0] == 1
    for _ in range(300):
        memory.cache().update(torch.ones(1, HEADS, 1, SIZE), torch.ones(1, HEADS, 1, SIZE), 0)
        memory.advance()
    assert layer.keys.shape[2] <= 305 + 64
    memory.admit(prefilled([torch.ones(HEADS, 2, SIZE)] * 2), [0, 1], [2, 2])
    assert layer.keys.shape[0] == 3
