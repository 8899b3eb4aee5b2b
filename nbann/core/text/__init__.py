"""Text as sequences of whole numbers, and what a trained net writes on."""
