"""Verdicts: circles, coverage, centres, communities, premises."""
