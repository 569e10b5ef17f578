import pytest
import torch
from mia_ssl.pasting.paste import another
from scipy.stats import chisquare


def test_another_image_is_never_the_same_and_each_as_likely():
    uniform = torch.rand(7, 4000, generator=torch.Generator().manual_seed(0))
    index = torch.arange(7)
    chosen = torch.stack([another(column, index, 7) for column in uniform.T], 1)
    assert torch.equal(another(uniform[2:4, 0], index[2:4], 7), chosen[2:4, 0])
    for i, row in enumerate(chosen):
        counts = row.bincount(minlength=7).tolist()
        assert counts.pop(i) == 0
        assert chisquare(counts).pvalue > 0.001


def test_a_single_image_has_no_other():
    with pytest.raises(ValueError, match="at least 2 images"):
        another(torch.rand(1), torch.arange(1), 1)
