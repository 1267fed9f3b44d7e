"""Keeps the catalogue of apps honest: what every row must be, and what is known, or only believed, of each app."""
