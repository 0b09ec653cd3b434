"""Changes to a recipe that make a run of training take moments."""

TINY = [
    "generator.blocks=1",
    "generator.channels=8",
    "data.crop=8",
    "data.batch_size=4",
]

ADVERSARIAL = [
    "stage=adversarial",
    "loss.adversarial_weight=0.1",
    "loss.feature_matching_weight=0.1",
    "discriminator.channels=4",
]
"""Besides, for a second stage."""
