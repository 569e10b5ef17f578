"""An ensemble of finished runs as one more run: their scores and maps by mia-metrics' rules."""
