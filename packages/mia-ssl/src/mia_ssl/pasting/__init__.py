"""Synthetic anomalies: patches cut from images, blended into others, and the labels of the pixels.

``paste`` is the way of a batch from the first random number to the label. What a method pastes is a
``Recipe``; the numbers that a user may change are ``PatchOptions``.
"""
