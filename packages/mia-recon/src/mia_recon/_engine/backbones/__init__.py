"""Frozen networks with ImageNet weights, whose features detectors compare or describe.

``Backbone(name, weights)`` is the door; each other module has one source of networks.
"""

from .backbone import Backbone, backbone_names

__all__ = ["Backbone", "backbone_names"]
