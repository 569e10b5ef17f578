"""ae-spatial: an autoencoder whose code keeps the grid of the image."""

from __future__ import annotations

from mia_recon._engine.records import MethodInfo
from mia_recon.losses.errors import squared_error
from mia_recon.method import Method, error_map, mean_error
from mia_recon.networks.spatial import spatial_autoencoder

METHOD = Method(
    info=MethodInfo(
        name="ae-spatial",
        family="reconstruction",
        summary="autoencoder with a spatial code, squared error",
        paper="https://arxiv.org/abs/2004.03271",
        image_size=64,
    ),
    network=spatial_autoencoder,
    loss=mean_error(squared_error),
    anomaly_map=error_map(squared_error),
)
