"""English as this package reads it: words made comparable, questions taken apart, what a video says as
passages."""
