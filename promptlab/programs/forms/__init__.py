"""Forms of the programs room, one file for each part of a program."""
