"""What pytest does not look into: a module whose classes need PyTorch, where that is missing."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("torch") else ["nbann/export/torch_layers.py"]
