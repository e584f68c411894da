"""What draws the annex of a letter for paper and for editing: the libraries of the extra `letters`."""
