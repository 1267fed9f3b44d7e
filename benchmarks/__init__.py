"""What the product costs: ``make bench``. Counts decide; times are only printed, as ratios."""
