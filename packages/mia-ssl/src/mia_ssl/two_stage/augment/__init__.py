"""Synthetic anomalies of the two-stage methods, a batch at a time.

Every kind of anomaly is a ``Variant``: how many uniform numbers an image needs, and a function
that pastes. The numbers are drawn on the CPU, so that no device is ever waited for and the same
seed pastes the same on all of them; pixels stay where they are.
"""
