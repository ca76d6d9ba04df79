"""Standards as data: TOML packs of rules with clause, source, place and status."""
