"""What kinds of networks beyond the feed-forward ones cost, each against what a user has else."""
