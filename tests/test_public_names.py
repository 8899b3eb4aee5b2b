"""The public names: sorted, importable, and described."""

from importlib import import_module
from types import ModuleType

import pytest

import nbann


def kind_and_name(name):
    """CONSTANTS and acronyms, then Classes, then modules: the order of ruff's rule RUF022."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def test_names_are_sorted_and_unique():
    assert nbann.__all__ == sorted(set(nbann.__all__), key=kind_and_name)
    assert dir(nbann) == sorted(nbann.__all__)


@pytest.mark.parametrize("name", nbann.__all__)
def test_a_name_is_there_and_says_what_it_is(name):
    value = getattr(nbann, name)
    assert value.__doc__
    assert value.__doc__.strip()
    if not isinstance(value, ModuleType):
        assert value.__name__ == name
        assert value.__module__.startswith("nbann.")


@pytest.mark.parametrize("name", nbann.__all__)
def test_public_methods_and_attributes_are_described(name):
    value = getattr(nbann, name)
    if isinstance(value, ModuleType):
        members = {n: getattr(value, n) for n in getattr(value, "__all__", ())}
    else:
        members = {n: m for n, m in vars(value).items() if callable(m) or isinstance(m, property)}
    bare = [
        n for n, m in members.items() if not n.startswith("_") and not (m.__doc__ or "").strip()
    ]
    inherited = {n for base in getattr(value, "__mro__", ())[1:] for n in vars(base)}
    assert [n for n in bare if n not in inherited] == []


@pytest.mark.parametrize("module", ["nbann.initializers", "nbann.datasets", "nbann.metrics"])
def test_modules_that_list_their_names_list_them_in_order(module):
    names = getattr(import_module(module), "__all__", [])
    assert names == sorted(names)


def test_a_name_that_does_not_exist():
    with pytest.raises(AttributeError, match="nonsense"):
        nbann.nonsense  # noqa: B018 (the access is what is tested)


def test_the_version_is_the_packages():
    metadata = pytest.importorskip("importlib.metadata")
    try:
        installed = metadata.version("nbann")
    except metadata.PackageNotFoundError:
        pytest.skip("nbann is not installed here, so it has no metadata to compare with")
    assert nbann.__version__ == installed
