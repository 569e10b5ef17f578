"""Time to fit and score, compared with a plain PyTorch loop over the same images.

    python benchmarks/training.py [--root FOLDER] [--epochs 20] [--rounds 3] [--threads 2]
                                  [--device cpu]

The plain loop is written in the usual way: a DataLoader over PIL images, ToTensor, Normalize,
Adam, ``.item()`` in each step; it scores one image at a time. Both start from the same weights,
each in its own process, so that neither changes the memory allocator of the other. Our fit ends
with the scores of all training images, which the plain loop does not compute. So a fit of few
epochs looks slower than it is.

Rounds alternate and the best of each side counts; scoring, which is short, is repeated three times
for each fit. The ratio of processor time is printed next to that of the clock. Use it on a machine
that does other work as well; on a GPU there is only the clock's. Without ``--root`` the images are
drawn at random.
"""

from __future__ import annotations

import argparse
import copy
import functools
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack

import mia_recon
import numpy as np
import torch
from mia_recon.methods import ae_ssim
from mia_recon.networks.fast import ConvNormReLU, Swish, UpsampleConv2d
from mia_recon.registry import RECORDS
from PIL import Image
from pytorch_msssim import ssim
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

SIZE = 64
SCORING_ROUNDS = 3  # for each of a fit: what takes a tenth of a second is soon disturbed
TO_TENSOR = transforms.Compose(
    [transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))],
)


class Pictures(Dataset):
    """PIL images in memory, made tensors one at a time."""

    def __init__(self, images: np.ndarray) -> None:
        self.pictures = [Image.fromarray(image[0]) for image in images]

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> torch.Tensor:
        return TO_TENSOR(self.pictures[index])


def plain_fit(network: torch.nn.Module, images: np.ndarray, epochs: int, device: str) -> float:
    """The last epoch's mean loss."""
    network.to(device)
    loader = DataLoader(Pictures(images), batch_size=64, shuffle=True)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    network.train()
    for _ in range(epochs):
        losses = []
        for batch in loader:
            x = batch.to(device)
            loss = ((network(x) - x) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return float(np.mean(losses))


def plain_scores(
    name: str, network: torch.nn.Module, images: np.ndarray, device: str
) -> np.ndarray:
    """Scores one image at a time."""
    network.eval().to(device)
    loader = DataLoader(Pictures(images))
    return np.array([ONE_IMAGE[name](network, x.to(device)) for x in loader])


def ae_score(network: torch.nn.Module, x: torch.Tensor) -> float:
    with torch.no_grad():
        return ((network(x) - x) ** 2).mean().item()


def combi_score(network: torch.nn.Module, x: torch.Tensor) -> float:
    x.requires_grad_()
    mean, log_variance = network.encode(x).chunk(2, dim=1)
    reconstruction = network.decode(mean)
    kl = (-0.5 * (1 + log_variance - mean**2 - log_variance.exp())).mean()
    kl.backward()
    return ((x - reconstruction) ** 2 * x.grad.abs()).mean().item()


def ganomaly_score(network: torch.nn.Module, x: torch.Tensor) -> float:
    network.train()  # as the original: BatchNorm by the image's own statistics
    with torch.no_grad():
        code, _, second_code = network.generator(x)
    return ((code - second_code) ** 2).mean().item()


ONE_IMAGE = {"ae": ae_score, "vae-combi": combi_score, "ganomaly": ganomaly_score}


def best_of(
    rounds: int, threads: int, **sides
) -> tuple[dict[str, tuple[float, float]], dict[str, object]]:
    """Each side's shortest wall-clock and processor time, and its last result.

    A side is a function of this module, or a partial of one, that returns ``timed``.
    """
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    results = {}
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(
                ProcessPoolExecutor(
                    1,
                    mp_context=multiprocessing.get_context("spawn"),
                    initializer=torch.set_num_threads,
                    initargs=(threads,),
                )
            )
            for name in sides
        }
        for _ in range(rounds):
            for name, side in sides.items():
                *seconds, results[name] = workers[name].submit(side).result()
                times[name].append(seconds)
    return {name: tuple(map(min, zip(*runs, strict=True))) for name, runs in times.items()}, results


def timed(action) -> tuple[float, float, object]:
    """Wall-clock and processor time, and the result."""
    start = time.perf_counter(), time.process_time()
    result = action()
    return time.perf_counter() - start[0], time.process_time() - start[1], result


@functools.cache
def detector(name: str, **options):
    """One for all rounds of a process, which compiles it once."""
    return mia_recon.build(name, **options)


def default_layout(network: torch.nn.Module) -> torch.nn.Module:
    """A copy of the network as a plain loop would have it: PyTorch's own layers and layout."""
    plain = copy.deepcopy(network).to(memory_format=torch.contiguous_format)
    for name, layer in list(plain.named_modules()):
        if isinstance(layer, UpsampleConv2d):
            own = torch.nn.ConvTranspose2d(
                layer.in_channels, layer.out_channels, 4, stride=2, padding=1, bias=False
            )
            own.load_state_dict(layer.state_dict())
            plain.set_submodule(name, own)
    for name, block in list(plain.named_modules()):
        if isinstance(block, ConvNormReLU):
            plain.set_submodule(name, torch.nn.Sequential(*block))
    return plain


def plain_fit_of_ae(images: np.ndarray, epochs: int, device: str):
    network = default_layout(mia_recon.build("ae", image_size=SIZE).network)
    return timed(lambda: plain_fit(network, images, epochs, device))


def our_fit_of_ae(images: np.ndarray, epochs: int, device: str, **options):
    ours = detector("ae", image_size=SIZE, **options)
    if options:
        ours.fit(images[:128], epochs=1, device=device)  # compiles
    return timed(lambda: ours.fit(images, epochs=epochs, device=device).history[-1]["loss"])


def compare_fit(images: np.ndarray, epochs: int, device: str, rounds: int, threads: int) -> None:
    times, results = best_of(
        rounds,
        threads,
        plain=functools.partial(plain_fit_of_ae, images, epochs, device),
        ours=functools.partial(our_fit_of_ae, images, epochs, device),
    )
    report("fit of ae", times, wanted=1.4)
    loss, expected = results["ours"], results["plain"]
    # Another order of the images, so that the losses are near but not equal.
    assert abs(loss - expected) < 0.25 * expected, (loss, expected)


def plain_scores_of(name: str, images: np.ndarray, device: str):
    network = default_layout(mia_recon.build(name, image_size=SIZE).network)
    return timed(lambda: plain_scores(name, network, images, device))


def our_scores_of(name: str, images: np.ndarray, device: str):
    ours = detector(name, image_size=SIZE)
    return timed(lambda: ours.predict(images, device=device).score)


def compare_scores(
    name: str, images: np.ndarray, device: str, rounds: int, threads: int, wanted: float
) -> None:
    times, results = best_of(
        rounds,
        threads,
        plain=functools.partial(plain_scores_of, name, images, device),
        ours=functools.partial(our_scores_of, name, images, device),
    )
    report(f"scores of {name}", times, wanted=wanted)
    rtol = 1e-3 if device == "cpu" else 1e-2  # the plain loop may use TF32
    np.testing.assert_allclose(results["ours"], results["plain"], rtol=rtol)


def compare_options(
    images: np.ndarray, epochs: int, device: str, rounds: int, threads: int
) -> None:
    options = {
        "float32": {},
        "bf16": {"precision": "bf16-mixed"},
        "compiled": {"compile": True},
    }
    sides = {
        name: functools.partial(our_fit_of_ae, images, epochs, device, **chosen)
        for name, chosen in options.items()
    }
    times, _ = best_of(rounds, threads, **sides)
    for name in ("bf16", "compiled"):
        wall, cpu = (a / b for a, b in zip(times["float32"], times[name], strict=True))
        print(f"fit of ae, {name:9} {wall:5.2f} x float32 by the clock, {cpu:5.2f} x processor")


def step_of_dae(images: np.ndarray, swish: type[torch.nn.Module]):
    dae = mia_recon.build("dae")
    for name, layer in list(dae.network.named_modules()):
        if isinstance(layer, Swish):
            dae.network.set_submodule(name, swish())
    return timed(lambda: dae.fit(images, epochs=1, device="cpu").history[-1]["loss"])


def compare_swish(images: np.ndarray, rounds: int, threads: int) -> None:
    """One step of dae at full width, with and without subnormal gradients."""
    few = images[:4].repeat(2, axis=2).repeat(2, axis=3)  # 128 px
    times, results = best_of(
        rounds,
        threads,
        plain=functools.partial(step_of_dae, few, torch.nn.SiLU),
        ours=functools.partial(step_of_dae, few, Swish),
    )
    report("a step of dae", times, wanted=1)
    ours, plain = results["ours"], results["plain"]
    assert abs(ours - plain) < 1e-4 * plain, (ours, plain)


def plain_ssim(x: torch.Tensor, reconstruction: torch.Tensor) -> torch.Tensor:
    unit = [((image + 1) / 2).clamp(0, 1) for image in (x, reconstruction)]
    return 1 - ssim(*unit, data_range=1.0)


def fit_of_ae_ssim(images: np.ndarray, epochs: int, device: str, *, plain: bool):
    if plain:
        ae_ssim.structural_dissimilarity = plain_ssim  # of this process alone
    ours = detector("ae-ssim", image_size=SIZE)
    return timed(lambda: ours.fit(images, epochs=epochs, device=device).history[-1]["loss"])


def compare_ssim(images: np.ndarray, epochs: int, device: str, rounds: int, threads: int) -> None:
    """A fit of ae-ssim with pytorch-msssim's loss and with ours, which are equal."""
    fit = functools.partial(fit_of_ae_ssim, images, epochs, device)
    times, results = best_of(
        rounds,
        threads,
        plain=functools.partial(fit, plain=True),
        ours=functools.partial(fit, plain=False),
    )
    report("fit of ae-ssim", times, wanted=1.5)
    ours, plain = results["ours"], results["plain"]
    assert abs(ours - plain) < 1e-3 * plain, (ours, plain)


def report(what: str, times: dict[str, tuple[float, float]], wanted: float) -> None:
    (wall, cpu), (our_wall, our_cpu) = times["plain"], times["ours"]
    print(
        f"{what:20} clock {wall:7.3f} s / {our_wall:7.3f} s = {wall / our_wall:5.2f} x   "
        f"processor {cpu:7.3f} s / {our_cpu:7.3f} s = {cpu / our_cpu:5.2f} x   wanted {wanted} x",
        flush=True,
    )


def images_of(root: str | None) -> tuple[np.ndarray, np.ndarray]:
    if root is None:
        drawn = np.random.default_rng(0).integers(0, 256, (2200, 1, SIZE, SIZE), dtype=np.uint8)
        return drawn[:1000], drawn[1000:]
    import mia_data

    options = {"root": root, "size": SIZE, "channels": 1}
    return tuple(
        np.array(mia_data.load("braintumor", split, **options).images)
        for split in ("train", "test")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--options", action="store_true", help="also precision and compilation")
    parser.add_argument("--ssim", action="store_true", help="also ae-ssim's loss")
    parser.add_argument("--dae", action="store_true", help="also dae's Swish, on the CPU")
    arguments = parser.parse_args()
    assert set(ONE_IMAGE) <= set(RECORDS)
    train, test = images_of(arguments.root)
    print(f"{len(train)} images to fit, {len(test)} to score, {arguments.threads} threads")
    if arguments.device.startswith("cuda"):
        print(torch.cuda.get_device_name(arguments.device))
    how_often = arguments.rounds, arguments.threads
    how = arguments.device, *how_often
    compare_fit(train, arguments.epochs, *how)
    often = SCORING_ROUNDS * arguments.rounds, arguments.threads
    for name, wanted in (("ae", 15), ("vae-combi", 5), ("ganomaly", 5)):
        compare_scores(name, test, arguments.device, *often, wanted)
    if arguments.options:
        compare_options(train, arguments.epochs, *how)
    if arguments.ssim:
        compare_ssim(train, arguments.epochs, *how)
    if arguments.dae:
        compare_swish(train, *how_often)


if __name__ == "__main__":
    main()
