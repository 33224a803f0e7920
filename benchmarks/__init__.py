"""What is measured, each in one run with what it is compared with."""
