"""promptlab: from a dataset and a drawn program to an approved prompt configuration."""
