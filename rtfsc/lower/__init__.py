"""Forms to resolved IR: scopes, special forms, patterns, modules."""
