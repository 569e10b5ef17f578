"""Fitted models as single files that run without PyTorch."""
