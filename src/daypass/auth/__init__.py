"""Sign-in policy, pure."""
