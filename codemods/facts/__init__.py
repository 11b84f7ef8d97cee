"""What is true of the project: its functions, calls and types. Facts decide nothing."""
