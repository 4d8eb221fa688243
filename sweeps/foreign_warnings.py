"""Keeps out of notebooks a warning of a package that Optuna imports and nobody here can use; imported before Optuna."""

import warnings

# tqdm, whose progress bars are not used, asks for ipywidgets.
warnings.filterwarnings("ignore", message="IProgress not found")
