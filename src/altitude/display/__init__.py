"""What a person sees before and after training."""
