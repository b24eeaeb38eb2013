"""Reading: text -> tokens -> forms, and back. `forms` is light to import; `parser` loads SLY."""
