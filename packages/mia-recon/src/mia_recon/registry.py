"""The methods by name, and detectors made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mia_recon._engine.options import check_choice
from mia_recon._engine.settings import Settings
from mia_recon._engine.storage import ModelFileError, load_folder
from mia_recon.detector import ReconstructionDetector
from mia_recon.methods import (
    ae,
    ae_grad,
    ae_l1,
    ae_perceptual,
    ae_spatial,
    ae_ssim,
    aeu,
    ceae,
    constrained_ae,
    dae,
    ganomaly,
    memae,
    vae,
    vae_combi,
    vae_elbo,
    vae_kl,
    vae_rec,
)

if TYPE_CHECKING:
    import os

    from mia_recon.method import Method

RECORDS: dict[str, Method] = {
    "ae": ae.METHOD,
    "ae-l1": ae_l1.METHOD,
    "ae-ssim": ae_ssim.METHOD,
    "ae-perceptual": ae_perceptual.METHOD,
    "ae-spatial": ae_spatial.METHOD,
    "vae": vae.METHOD,
    "constrained-ae": constrained_ae.METHOD,
    "memae": memae.METHOD,
    "ceae": ceae.METHOD,
    "ganomaly": ganomaly.METHOD,
    "aeu": aeu.METHOD,
    "dae": dae.METHOD,
    "ae-grad": ae_grad.METHOD,
    "vae-elbo": vae_elbo.METHOD,
    "vae-kl": vae_kl.METHOD,
    "vae-rec": vae_rec.METHOD,
    "vae-combi": vae_combi.METHOD,
}


def build(
    name: str,
    *,
    in_channels: int = 1,
    image_size: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    precision: str = "32-true",
    compile: bool = False,  # noqa: A002 - torch's own word for it
    **options: Any,
) -> ReconstructionDetector:
    """A detector of this method, with the study's settings for whatever is not given.

    Args:
        name: One of ``METHODS``.
        in_channels: 1 (gray) or 3 (RGB).
        image_size: Side of the square images in pixels, a multiple of 2 to the power of ``depth``
            (16); for ganomaly and dae 32 or above.
        epochs: Epochs of ``fit``.
        batch_size: Images a training step.
        learning_rate: Of Adam.
        precision: Of ``fit``, ``"32-true"`` or ``"bf16-mixed"``; scores are always float32.
        compile: Whether ``fit`` compiles the loss; the first steps then take much longer.
        options: The method's own.

    Raises:
        ValueError: An unknown method or option, or a size that the network cannot take.
    """
    check_choice("method", name, RECORDS)
    info = RECORDS[name].info
    settings = Settings.resolve(
        info,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        precision=precision,
        compile=compile,
    )
    return ReconstructionDetector(
        RECORDS[name],
        in_channels=in_channels,
        image_size=info.image_size if image_size is None else image_size,
        settings=settings,
        options=options,
    )


def load(path: str | os.PathLike[str]) -> ReconstructionDetector:
    """The detector that ``save`` wrote into this folder.

    Raises:
        ModelFileError: Nothing there, damaged files, or a model of another package or format.
    """
    state, meta = load_folder(path)
    if meta.get("package") != "mia_recon":
        msg = f"expected a model of mia_recon at {path}, got one of {meta.get('package')!r}"
        raise ModelFileError(msg)
    try:
        return build(
            meta["method"],
            in_channels=meta["in_channels"],
            image_size=meta["image_size"],
            **meta["settings"],
            **meta["options"],
        ).restore(state, meta)
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        msg = f"the saved model at {path} does not fit this version: {error}"
        raise ModelFileError(msg) from error
