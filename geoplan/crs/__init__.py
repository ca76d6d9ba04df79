"""Coordinates: metric CRSs, the Chinese datums, and coordinates that cannot be right."""
