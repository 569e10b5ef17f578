"""Volumes among the files of a folder, and results written in their geometry."""
