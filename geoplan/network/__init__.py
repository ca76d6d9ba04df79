"""The walking network: built from streets, snapped to, walked."""
