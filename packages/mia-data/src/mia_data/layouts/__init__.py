"""Layouts of the known datasets: one function per layout, from a folder to a FileList."""
