"""Templates and the style sheet of pages: Jinja's files, which the wheel carries."""
