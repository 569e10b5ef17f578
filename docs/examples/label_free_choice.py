"""Choose the epoch without labels.

Which epoch of a training is the best? If you have no labels, count held-out normal images as normal
and all new images as abnormal. This pseudo-AUROC rises and falls with the true one.
"""

import mia_data
import mia_metrics
import mia_recon
from matplotlib.figure import Figure

train = mia_data.phantom("train").images
test = mia_data.phantom("test")
held_out, trained_on = train[:64], train[64:]
detector = mia_recon.build("ae", batch_size=16)
pseudo, true, kept = [], [], []


def look(epoch):
    """After every second epoch, score the normal images that were held out, and the new ones."""
    if epoch.epoch % 2 == 0:
        normal = detector.predict(held_out).score
        new = detector.predict(test.images).score
        kept.append((epoch.epoch, normal, new))
        pseudo.append(mia_metrics.pseudo_auroc(normal, new))
        true.append(mia_metrics.auroc(test.labels, new))  # only to see how well it works


detector.fit(trained_on, epochs=30, seed=0, on_epoch=look)
chosen = mia_metrics.select_checkpoint([k[1] for k in kept], [k[2] for k in kept]).chosen
epochs = [k[0] for k in kept]
print(f"chosen: epoch {epochs[chosen]}, AUROC {true[chosen]:.3f}")
print(f"last: epoch {epochs[-1]}, AUROC {true[-1]:.3f}; best possible: {max(true):.3f}")

figure = Figure(figsize=(7, 3), layout="constrained")
axis = figure.subplots()
axis.plot(epochs, true, "o-", color="#d1495b", label="AUROC (needs labels)")
axis.plot(epochs, pseudo, "o-", color="#3b7ea1", label="pseudo-AUROC (needs none)")
axis.axvline(epochs[chosen], color="gray", linestyle=":")
axis.set(xlabel="epoch", ylabel="AUROC")
axis.legend()
figure.savefig("epochs.png")
