"""Metrics of lesions as connected regions: AUPRO and FROC."""
