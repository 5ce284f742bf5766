"""What is done with a run when it is over: found again, shown, evaluated, compared, repeated."""
