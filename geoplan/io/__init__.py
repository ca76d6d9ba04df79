"""Files in and out: study folders, vector layers, tables."""
