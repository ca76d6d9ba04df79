"""Measurements: geoplan's engine beside what a user would pick instead, in one run, agreement checked."""
