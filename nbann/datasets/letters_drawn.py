"""Capital letters as 5x7 bitmaps, drawn here by hand; imports the core only."""

from __future__ import annotations

import numpy as np

from ..core.data.dataset import Dataset
from ..core.errors import bad_value

ROWS, COLUMNS = 7, 5

_DRAWN = """
A      B      C      D      E      F      G      H      I
.###.  ####.  .###.  ####.  #####  #####  .###.  #...#  #####
#...#  #...#  #...#  #...#  #....  #....  #...#  #...#  ..#..
#...#  #...#  #....  #...#  #....  #....  #....  #...#  ..#..
#####  ####.  #....  #...#  ####.  ####.  #.###  #####  ..#..
#...#  #...#  #....  #...#  #....  #....  #...#  #...#  ..#..
#...#  #...#  #...#  #...#  #....  #....  #...#  #...#  ..#..
#...#  ####.  .###.  ####.  #####  #....  .###.  #...#  #####

J      K      L      M      N      O      P      Q      R
..###  #...#  #....  #...#  #...#  .###.  ####.  .###.  ####.
...#.  #..#.  #....  ##.##  ##..#  #...#  #...#  #...#  #...#
...#.  #.#..  #....  #.#.#  ##..#  #...#  #...#  #...#  #...#
...#.  ##...  #....  #.#.#  #.#.#  #...#  ####.  #...#  ####.
...#.  #.#..  #....  #...#  #..##  #...#  #....  #.#.#  #.#..
#..#.  #..#.  #....  #...#  #..##  #...#  #....  #..#.  #..#.
.##..  #...#  #####  #...#  #...#  .###.  #....  .##.#  #...#

S      T      U      V      W      X      Y      Z
.####  #####  #...#  #...#  #...#  #...#  #...#  #####
#....  ..#..  #...#  #...#  #...#  #...#  #...#  ....#
#....  ..#..  #...#  #...#  #...#  .#.#.  .#.#.  ...#.
.###.  ..#..  #...#  .#.#.  #.#.#  ..#..  ..#..  ..#..
....#  ..#..  #...#  .#.#.  #.#.#  .#.#.  ..#..  .#...
....#  ..#..  #...#  .#.#.  ##.##  #...#  ..#..  #....
####.  ..#..  .###.  ..#..  #...#  #...#  ..#..  #####
"""


def letters(which: str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ") -> Dataset:
    """Return capital letters as patterns of 35 pixels: 1 where there is ink, -1 elsewhere.

    What an associative memory is shown: a Hopfield net or a BAM stores a few of them, and finds
    them again from damaged ones. How many it can hold depends on how alike they are: D and O differ
    in 2 pixels, I and N in 24.

    Parameters
    ----------
    which : str
        Which letters, in what order; each once, from A to Z.

    Returns
    -------
    Dataset
        `X` is (letters, 35), row by row: ``X[i].reshape(7, 5)`` is the picture, ``pixel_r_c`` lies
        in row r and column c, from 0. `y` numbers the letters, `target_names` names them.

    Raises
    ------
    ValueError
        Something that is no letter from A to Z, one twice, or none.

    Examples
    --------
    >>> import nbann
    >>> ds = nbann.datasets.letters("TX")
    >>> ds.X[0].reshape(7, 5)[0].tolist(), ds.target_names
    ([1.0, 1.0, 1.0, 1.0, 1.0], ('T', 'X'))
    """
    pictures = _pictures()
    if not isinstance(which, str) or not which:
        mend = 'Pass e.g. which="ABC".'
        raise bad_value("which", "letters from A to Z", repr(which), mend)
    for one in which:
        if one not in pictures:
            raise bad_value("which", "letters from A to Z", repr(one), 'Pass e.g. which="ABC".')
    if len(set(which)) < len(which):
        raise bad_value("which", "each letter once", repr(which), 'Pass e.g. which="ABC".')
    X = np.stack([pictures[one] for one in which])
    names = [f"pixel_{r}_{c}" for r in range(ROWS) for c in range(COLUMNS)]
    return Dataset(X, np.arange(len(which)), "classification", names, tuple(which), "letters")


def _pictures() -> dict[str, np.ndarray]:
    """Return the patterns by letter, read off the drawing."""
    found = {}
    for block in _DRAWN.strip().split("\n\n"):
        heading, *lines = block.splitlines()
        rows = [line.split() for line in lines]
        for place, letter in enumerate(heading.split()):
            ink = "".join(row[place] for row in rows)
            found[letter] = np.array([1.0 if pixel == "#" else -1.0 for pixel in ink])
    return found
