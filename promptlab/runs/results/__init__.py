"""What a run's rows say: trials, candidates, their evidence and the final word."""
