"""What is optimized: programs, their candidates, and the prompts that their calls become."""
