"""The building blocks, against closed forms."""

import numpy as np
from mia_data.phantoms.fields import ellipse, inside, smooth_noise, smooth_step, uniform


def _rngs(*seeds):
    return [np.random.default_rng(seed) for seed in seeds]


def test_uniform_stays_in_its_range_and_differs_between_images():
    drawn = uniform(_rngs(1, 2), {"a": (0.0, 1.0), "b": (5.0, 6.0)})
    assert {name: value.shape for name, value in drawn.items()} == {"a": (2, 1, 1), "b": (2, 1, 1)}
    assert ((drawn["b"] >= 5) & (drawn["b"] < 6)).all()
    assert len(np.unique(drawn["a"])) == 2


def test_smooth_noise_takes_the_grids_values_at_its_nodes():
    nodes = np.linspace(-1, 1, 5, dtype=np.float32)
    y, x = (np.broadcast_to(v, (1, 5, 5)) for v in np.meshgrid(nodes, nodes, indexing="ij"))
    noise = smooth_noise(_rngs(3), 4, x, y)
    grid = np.random.default_rng(3).standard_normal((5, 5))
    np.testing.assert_allclose(noise[0], grid, atol=1e-5)


def test_smooth_noise_is_a_function_of_place_not_of_resolution():
    def sample(n):
        axis = np.linspace(-1, 1, n, dtype=np.float32)
        y, x = (np.broadcast_to(v, (1, n, n)) for v in np.meshgrid(axis, axis, indexing="ij"))
        return smooth_noise(_rngs(5), 6, x, y)[0]

    np.testing.assert_allclose(sample(129)[::4, ::4], sample(33), atol=1e-4)


def test_smooth_step_and_inside():
    x = np.array([-1, 0, 0.5, 1, 2], np.float32)
    np.testing.assert_allclose(smooth_step(x), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(inside(np.array([-1.0, 0, 1]), 1.0), [1, 0.5, 0])


def test_ellipse_is_zero_on_its_border_and_turns():
    one = np.float32(1)
    at = ellipse(
        np.float32([3.0, 1.0, 1.0]),
        np.float32([2.0, 3.0, 2.0]),
        (one, 2 * one),
        (2 * one, one),
        0 * one,
    )
    np.testing.assert_allclose(at, [0, 0, -1], atol=1e-6)
    turned = ellipse(
        np.float32([1.0]), np.float32([4.0]), (one, 2 * one), (2 * one, one), np.float32(np.pi / 2)
    )
    np.testing.assert_allclose(turned, [0], atol=1e-6)
