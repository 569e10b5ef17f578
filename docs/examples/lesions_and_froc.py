"""Count found lesions and false detections.

Pixel metrics count pixels, so a single large lesion can outweigh many small ones. FROC counts
lesions: the share of lesions found, against the number of false detections per image.
"""

import mia_data
import mia_metrics
import mia_ssl
import numpy as np
from matplotlib.figure import Figure

train = mia_data.phantom("train", size=128, n_train=200)
test = mia_data.phantom("test", size=128)
figure = Figure(figsize=(7, 3.4), layout="constrained")
axis = figure.subplots()
for name in ("synthetic-lesions", "nearest-features"):
    detector = mia_ssl.build(name, image_size=128).fit(train.images, seed=0)
    scores, maps = detector.predict(test.images)
    masks = np.asarray(test.masks)
    found = mia_metrics.froc(masks, maps, hit="peak")
    print(f"{name}: mean sensitivity {found.score():.3f},", end=" ")
    print(f"{found.sensitivity_at(1):.0%} of the lesions at one false detection an image")
    for metric, value in mia_metrics.pixel_metrics(masks, maps).items():
        print(f"  {metric:15} {value:.3f}")
    rates = np.geomspace(0.05, 8, 80)
    axis.plot(rates, [found.sensitivity_at(rate) for rate in rates], label=name)
axis.set(xscale="log", xlabel="false detections an image", ylabel="lesions found", ylim=(0, 1))
axis.set_xticks([0.125, 0.25, 0.5, 1, 2, 4, 8], ["1/8", "1/4", "1/2", "1", "2", "4", "8"])
axis.legend()
figure.savefig("froc.png")
