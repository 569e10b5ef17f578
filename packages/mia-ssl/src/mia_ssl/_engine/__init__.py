"""Training engine: images, device, training loop, and files of a detector.

Nothing here belongs to one family of methods. mia-recon and mia-ssl are installed without each
other, so each has this folder as files of its own: ``nox -s sync`` copies mia-recon's into mia-ssl,
and ``nox -s lint`` fails where they differ. It imports nothing of the package around it.
"""
