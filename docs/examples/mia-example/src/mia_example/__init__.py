"""An example of a plug-in: a detector without torch, and a dataset that is drawn."""
