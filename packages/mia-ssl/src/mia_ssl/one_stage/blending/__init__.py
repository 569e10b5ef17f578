"""Ways to put patches into a batch, each a function of a canvas and its patches.

The patches of one call lie in different images, so that none sees what another has pasted.
"""
