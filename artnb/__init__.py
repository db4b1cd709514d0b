"""Version control and lineage for everything a notebook makes."""
