"""The coverage-query service over one study."""
