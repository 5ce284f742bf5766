"""Our own Keras callbacks, one file each. Importing them imports TensorFlow."""
