"""mia-recon."""
