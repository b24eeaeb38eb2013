"""Reading: text -> tokens -> forms, and forms -> text. `forms` alone costs nothing to import; `parser` loads SLY."""
