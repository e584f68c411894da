"""A sealed run: a bag that a stranger verifies with stock tools, its signature and its time."""
