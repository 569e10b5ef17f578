"""ResNet18's ImageNet features and a density of them, without any training."""

from __future__ import annotations

from mia_ssl.two_stage.method import TwoStageMethod, two_stage_info

RESNET18_IMAGENET = TwoStageMethod(
    info=two_stage_info(
        "resnet18-imagenet",
        "ImageNet features and their density; nothing is trained, any epochs are ignored",
        paper="https://arxiv.org/abs/2404.04518",
        epochs=0,
    ),
    defaults={"weights": "DEFAULT"},
)
