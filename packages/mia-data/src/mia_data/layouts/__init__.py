"""The file layouts of the known datasets: one function a layout, from a folder to a FileList."""
