"""Training on a folder of your own images, and scoring of others."""
