import numpy as np
import pytest
import torch
from mia_ssl.filters.windows import above, box_sums, replicate, run_sums


@pytest.mark.parametrize("length", range(1, 12))
@pytest.mark.parametrize("stride", [1, 5])
def test_run_sums_are_plain_sums(length, stride):
    x = torch.randint(0, 20, (90,), generator=torch.Generator().manual_seed(length))
    places = range(90 - (length - 1) * stride)
    expected = [sum(int(x[i + k * stride]) for k in range(length)) for i in places]
    assert run_sums(x, length, stride).tolist() == expected
    assert run_sums(x.numpy(), length, stride).tolist() == expected


@pytest.mark.parametrize("cpu", [True, False])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 7), (3, 6), (9, 2), (1, 4), (5, 1)])
def test_box_sums_are_plain_sums(height, width, cpu, monkeypatch):
    monkeypatch.setattr("mia_ssl.filters.windows.on_cpu", lambda _: cpu)
    x = torch.randint(0, 4, (3, 11, 13), generator=torch.Generator().manual_seed(0))
    expected = x.unfold(1, height, 1).unfold(2, width, 1).sum((-1, -2))
    assert torch.equal(box_sums(x.to(torch.uint8), height, width).long(), expected)
    memory = torch.empty(2, x.numel() + 5, dtype=torch.uint8)  # of an earlier, larger part
    again = box_sums(x.to(torch.uint8), height, width, memory)
    assert torch.equal(again.long(), expected)


def test_border_is_repeated_as_numpy_does():
    x = np.random.default_rng(0).integers(0, 256, (2, 5, 8), dtype=np.uint8)
    expected = np.pad(x, ((0, 0), (3, 3), (3, 3)), mode="edge")
    frame = torch.zeros(2, 11, 14, dtype=torch.uint8)
    frame[:, 3:-3, 3:-3] = torch.from_numpy(x)
    np.testing.assert_array_equal(replicate(frame, 3).numpy(), expected)


def test_above_is_strict():
    assert above(torch.tensor([4, 5, 6], dtype=torch.uint8), 5).tolist() == [0, 0, 1]
