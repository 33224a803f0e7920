"""What the gradient does on its way back through time, and which rule to trust: numbers and figures."""
