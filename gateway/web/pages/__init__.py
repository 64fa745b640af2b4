"""The pages: each reads once, puts into words, fills its template."""
