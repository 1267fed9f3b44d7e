"""What the product costs: ``make bench``. Counts decide, and ratios to what is measured beside them; never a time alone."""
