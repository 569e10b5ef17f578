"""What every detector needs whatever its science: images, device, training loop, files.

The folder holds nothing that is special to one family of methods. mia-recon and mia-ssl are
installed without each other and must not import each other, so both ship it: mia-ssl's source
tree has a link to this folder, and its wheel carries the files.
"""
