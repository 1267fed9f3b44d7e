"""From a clone to a running stack. Never packaged itself; what it makes lies in `build/`."""
