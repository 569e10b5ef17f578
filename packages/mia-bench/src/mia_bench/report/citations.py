"""Citations of the methods' papers, by the link that a method's registry gives."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

CITATIONS = {
    "https://arxiv.org/abs/1312.6114": "Kingma and Welling, Auto-Encoding Variational Bayes, ICLR "
    "2014",
    "https://arxiv.org/abs/1805.06725": "Akcay et al., GANomaly: Semi-Supervised Anomaly Detection "
    "via Adversarial Training, ACCV 2018",
    "https://arxiv.org/abs/1806.04972": "Chen and Konukoglu, Unsupervised Detection of Lesions in "
    "Brain MRI Using Constrained Adversarial Auto-Encoders, MIDL 2018",
    "https://arxiv.org/abs/1807.02011": "Bergmann et al., Improving Unsupervised Defect "
    "Segmentation by Applying Structural Similarity to Autoencoders, VISAPP 2019",
    "https://arxiv.org/abs/1812.05941": "Zimmerer et al., Context-Encoding Variational Autoencoder "
    "for Unsupervised Anomaly Detection, 2018",
    "https://arxiv.org/abs/1904.02639": "Gong et al., Memorizing Normality to Detect Anomaly: "
    "Memory-Augmented Deep Autoencoder for Unsupervised Anomaly Detection, ICCV 2019",
    "https://arxiv.org/abs/1907.02796": "Zimmerer et al., Unsupervised Anomaly Localization Using "
    "Variational Auto-Encoders, MICCAI 2019",
    "https://arxiv.org/abs/2004.03271": "Baur et al., Autoencoders for Unsupervised Anomaly "
    "Segmentation in Brain MR Images: A Comparative Study, Medical Image Analysis 2021",
    "https://arxiv.org/abs/2005.14140": "Rippel et al., Modeling the Distribution of Normal Data "
    "in Pre-Trained Deep Features for Anomaly Detection, ICPR 2020",
    "https://arxiv.org/abs/2006.13265": "Shvetsova et al., Anomaly Detection in Medical Imaging "
    "with Deep Perceptual Autoencoders, IEEE Access 2021",
    "https://arxiv.org/abs/2006.16816": "Mao et al., Abnormality Detection in Chest X-Ray Images "
    "Using Uncertainty Prediction Autoencoders, MICCAI 2020",
    "https://arxiv.org/abs/2010.05903": "Reiss et al., PANDA: Adapting Pretrained Features for "
    "Anomaly Detection and Segmentation, CVPR 2021",
    "https://arxiv.org/abs/2011.04197": "Tan et al., Detecting Outliers with Foreign Patch "
    "Interpolation, MELBA 2022",
    "https://arxiv.org/abs/2011.08785": "Defard et al., PaDiM: A Patch Distribution Modeling "
    "Framework for Anomaly Detection and Localization, ICPR 2021",
    "https://arxiv.org/abs/2104.04015": "Li et al., CutPaste: Self-Supervised Learning for Anomaly "
    "Detection and Localization, CVPR 2021",
    "https://arxiv.org/abs/2106.03844": "Reiss and Hoshen, Mean-Shifted Contrastive Loss for "
    "Anomaly Detection, AAAI 2023",
    "https://arxiv.org/abs/2106.08265": "Roth et al., Towards Total Recall in Industrial Anomaly "
    "Detection, CVPR 2022",
    "https://arxiv.org/abs/2107.02622": "Tan et al., Detecting Outliers with Poisson Image "
    "Interpolation, MICCAI 2021",
    "https://arxiv.org/abs/2108.07610": "Zavrtanik et al., DRAEM: A Discriminatively Trained "
    "Reconstruction Embedding for Surface Anomaly Detection, ICCV 2021",
    "https://arxiv.org/abs/2109.15222": "Schlüter et al., Natural Synthetic Anomalies for "
    "Self-Supervised Anomaly Detection and Localization, ECCV 2022",
    "https://arxiv.org/abs/2201.10703": "Deng and Li, Anomaly Detection via Reverse Distillation "
    "from One-Class Embedding, CVPR 2022",
    "https://arxiv.org/abs/2205.04282": "Sato et al., Anatomy-Aware Self-Supervised Learning for "
    "Anomaly Detection in Chest Radiographs, iScience 2023",
    "https://arxiv.org/abs/2208.10992": "Meissen et al., Unsupervised Anomaly Localization with "
    "Structural Feature-Autoencoders, BrainLes 2022",
    "https://arxiv.org/abs/2305.19643": "Bercea et al., Mask, Stitch, and Re-Sample: Enhancing "
    "Robustness and Generalizability in Anomaly Detection through Automatic Diffusion Models, 2023",
    "https://arxiv.org/abs/2306.02602": "Guo et al., ReContrast: Domain-Specific Anomaly Detection "
    "via Contrastive Reconstruction, NeurIPS 2023",
    "https://arxiv.org/abs/2404.04518": "Cai et al., MedIAnomaly: A Comparative Study of Anomaly "
    "Detection in Medical Images, Medical Image Analysis 2025",
    "https://arxiv.org/abs/2405.14529": "Damm et al., AnomalyDINO: Boosting Patch-Based Few-Shot "
    "Anomaly Detection with DINOv2, WACV 2025",
    "https://doi.org/10.1016/j.media.2019.01.010": "Schlegl et al., f-AnoGAN: Fast Unsupervised "
    "Anomaly Detection with Generative Adversarial Networks, Medical Image Analysis 2019",
    "https://openaccess.thecvf.com/content/CVPR2023/html/"
    "Tien_Revisiting_Reverse_Distillation_for_Anomaly_Detection_CVPR_2023_paper.html": "Tien et "
    "al., Revisiting Reverse Distillation for Anomaly Detection, CVPR 2023",
    "https://doi.org/10.1109/CVPRW56347.2022.00080": "Wyatt et al., AnoDDPM: Anomaly Detection "
    "with Denoising Diffusion Probabilistic Models using Simplex Noise, CVPR Workshops 2022",
    "https://proceedings.mlr.press/v172/kascenas22a.html": "Kascenas et al., Denoising "
    "Autoencoders for Unsupervised Anomaly Detection in Brain MRI, MIDL 2022",
}
_ARXIV = re.compile(r"arxiv\.org/(?:abs|pdf)/(\d{4}\.\d{4,5})")


def cite(paper: str) -> str:
    """Return the citation of a paper; of an unknown one what its link says, or its text."""
    number = _ARXIV.search(paper)
    return CITATIONS.get(paper) or (f"arXiv {number[1]}" if number else paper)


def web_link(text: str) -> str | None:
    """Return a text that is the address of a web page; None for any other, such as a script."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if parts.scheme in ("http", "https") and parts.netloc else None
