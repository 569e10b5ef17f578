"""mia-ssl."""
