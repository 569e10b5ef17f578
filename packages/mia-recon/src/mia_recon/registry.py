"""The methods by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_recon.methods import (
    ae,
    ae_grad,
    ae_l1,
    ae_perceptual,
    ae_spatial,
    ae_ssim,
    aeu,
    anoddpm,
    autoddpm,
    ceae,
    constrained_ae,
    dae,
    f_anogan,
    fae_mse,
    fae_ssim,
    ganomaly,
    memae,
    rd,
    rd_plus_plus,
    recontrast,
    vae,
    vae_combi,
    vae_elbo,
    vae_kl,
    vae_rec,
)

if TYPE_CHECKING:
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
    "fae-mse": fae_mse.METHOD,
    "fae-ssim": fae_ssim.METHOD,
    "rd": rd.METHOD,
    "rd++": rd_plus_plus.METHOD,
    "recontrast": recontrast.METHOD,
    "f-anogan": f_anogan.METHOD,
    "anoddpm": anoddpm.METHOD,
    "anoddpm-simplex": anoddpm.SIMPLEX,
    "autoddpm": autoddpm.METHOD,
}
