"""Files as examples: read with care, columns typed and mapped to fields, rows dealt to splits."""
