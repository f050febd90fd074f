"""What the business means, as frozen values and plain functions. Imports nothing but itself."""
