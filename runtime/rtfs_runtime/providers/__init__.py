"""Model providers: things that answer a prompt."""
