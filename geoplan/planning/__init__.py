"""Plans for what fails: splits of oversized communities, sites of new centres."""
