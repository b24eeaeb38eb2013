"""What runs did, kept on disk: written event by event, shown and replayed later. Source: delegation §3.4."""
