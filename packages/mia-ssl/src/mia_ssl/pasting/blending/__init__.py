"""Functions that blend patches into the images of a canvas.

The patches of one call lie in different images, so that none sees another.
"""
