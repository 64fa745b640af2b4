"""One folder per desk product; delete the folder and the desk is gone."""
