"""Files in and out: study folders, OSM extracts, osmnx graphs."""
