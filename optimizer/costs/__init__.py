"""What calls cost: prices, and what was spent in a month."""
