"""Low-res pictures as people have them, made from clean ones on the training device."""
