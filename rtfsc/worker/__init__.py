"""The child process in which programs nobody vouches for are evaluated."""
