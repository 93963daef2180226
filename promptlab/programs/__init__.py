"""Programs: drawn graphs of language-model modules, edited by forms."""
