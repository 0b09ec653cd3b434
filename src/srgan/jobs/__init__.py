"""Jobs: which file becomes which result, by which model, with which options."""
