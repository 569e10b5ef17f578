"""From one file to one 8-bit image: reading, gray scale, geometry."""
