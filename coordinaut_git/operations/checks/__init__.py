"""What doctor looks at: one check, one function, one finding."""
