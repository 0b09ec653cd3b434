"""From folders of pictures to batches on the training device."""
