"""The page of results: one HTML file without outside resources."""
