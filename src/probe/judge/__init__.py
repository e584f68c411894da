"""Say what measurements mean: ordered total tables, witnesses, controls; pure, so that it can be done again."""
