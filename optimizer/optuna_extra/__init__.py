"""For people who have Optuna: a run as its study, the race as its sampler."""
