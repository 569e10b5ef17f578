"""Names of the files and folders in a folder of scores."""

SUMMARY = "score.json"  # every folder of scores holds it
SCORES, VOLUMES, BROKEN = "scores.csv", "volumes.csv", "broken.csv"
PAGE = "report.html"
HEATMAPS, MAPS, SEGMENTATIONS = "heatmaps", "maps", "segmentations"
