"""The letter's annex: what it states, in one form that every file format is made from."""
