"""Names of layers as names of a program: identifiers, each once. Imports Python alone."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

_MODULE_NAMES = """
    T_destination add_module append apply bfloat16 bias body buffers call_super_init children
    compile cpu cuda double dump_patches eval extend extra_repr float forward get_buffer
    get_extra_state get_parameter get_submodule half heads insert ipu load_state_dict modules
    mtia named_buffers named_children named_modules named_parameters names parameters pop
    register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module
    register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
    set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu
    zero_grad
"""
_OF_MODULES = frozenset(_MODULE_NAMES.split())
"""What PyTorch's modules have: a layer of that name would hide it."""


def identifiers(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Return an identifier for each name, the name itself where it is one.

    Parameters
    ----------
    names : iterable of str
        Each once.
    taken : iterable of str
        Identifiers that are not to be given.

    Examples
    --------
    >>> identifiers(["hidden", "my layer", "class", "my-layer"])
    {'hidden': 'hidden', 'my layer': 'my_layer', 'class': 'class_', 'my-layer': 'my_layer_2'}
    """
    used = {*taken, *_OF_MODULES}
    found = {}
    for name in names:
        base = re.sub(r"[^0-9a-zA-Z]+", "_", name).strip("_") or "layer"
        if base[0].isdigit():
            base = f"layer_{base}"
        if keyword.iskeyword(base) or keyword.issoftkeyword(base) or base in _OF_MODULES:
            base += "_"
        one, number = base, 2
        while one in used:
            one, number = f"{base.rstrip('_')}_{number}", number + 1
        used.add(one)
        found[name] = one
    return found
