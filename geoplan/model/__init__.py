"""Tables, study, validation, provenance: what a study is made of."""
