"""Documents grouped by query: made with NumPy from a seed, or read from a file; imports the core.

The file is read by scikit-learn, which is loaded then.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..core.checks import check_installed, number_in, whole_number
from ..core.data.dataset import Dataset
from ..core.errors import bad_value


def ranking(
    queries: int = 100,
    documents: int = 20,
    features: int = 5,
    noise: float = 0.0,
    offset: float = 4.0,
    seed: int = 0,
) -> Dataset:
    """Return queries with documents of relevance 0 to 4, on which to regress leads astray.

    Within a query the documents that lie farther along a direction w of the features are the more
    relevant; from query to query it is the other way round. With z normal, w of length 1 and o
    uniform in [-1, 1] for each query, ``x = z + offset * o * w`` and ``y = 2 + z.w - 1.5 o``,
    rounded and cut off at 0 and 4. So a net that regresses y on x finds that y falls along w, where
    it is to rise within each query (Simpson's paradox); a ranker compares within queries, where o
    is the same for all and drops out.

    Parameters
    ----------
    queries : int
        At least 1.
    documents : int
        Of the longest query, at least 2; their numbers are uniform from half of it on.
    features : int
        At least 1.
    noise : float
        Standard deviation of what is added to y before it is rounded, at least 0.
    offset : float
        How far queries lie apart along w; with less than 2 to regress is right again.
    seed : int

    Returns
    -------
    Dataset
        With `groups`, task "ranking".
    """
    queries = whole_number("queries", queries, least=1, mend="Pass e.g. queries=100.")
    documents = whole_number("documents", documents, least=2, mend="Pass e.g. documents=20.")
    features = whole_number("features", features, least=1, mend="Pass e.g. features=5.")
    noise, offset = number_in("noise", noise, least=0.0), number_in("offset", offset)
    seed = whole_number("seed", seed, least=0, mend="Pass e.g. seed=0.")
    rng = np.random.default_rng(seed)
    along = rng.normal(size=features)
    along /= np.linalg.norm(along)
    sizes = rng.integers((documents + 1) // 2, documents + 1, queries)
    sizes[rng.integers(queries)] = documents
    of_query = np.repeat(rng.uniform(-1, 1, queries), sizes.astype(np.intp))
    z = rng.normal(size=(len(of_query), features))
    y = 2 + z @ along - 1.5 * of_query + rng.normal(0, noise, len(z))
    X = z + offset * of_query[:, None] * along
    relevance = y.round().clip(0, 4).astype(int)
    return Dataset(X, relevance, "ranking", (), ("relevance",), "ranking", groups=sizes)


def load_ranking(path: str | os.PathLike[str], features: int | None = None) -> Dataset:
    """Return the rankings of a file in the LETOR (SVMlight) format: ``2 qid:7 1:0.3 2:0.9 # text``.

    A line is a document: its relevance, its query, and its features by number. LETOR, MSLR-WEB10K
    and Istella come so. Read by scikit-learn's `load_svmlight_file`; features that a line leaves
    out are 0.

    Parameters
    ----------
    path : str or path
        The file; it may end in ``.gz`` or ``.bz2``.
    features : int, optional
        How many features there are, where the last of them may be missing from the file: a test
        part that is to fit a training part. By default up to the highest number in the file.

    Raises
    ------
    ValueError
        No such file; a line that can not be read; one without ``qid:``; relevance below 0.
    ModuleNotFoundError
        scikit-learn is not installed.
    """
    check_installed("sklearn", "datasets.load_ranking()", "scikit-learn")
    place = Path(path).expanduser()
    if not place.is_file():
        mend = "Pass the path of a file of lines such as '2 qid:7 1:0.3 2:0.9'."
        raise bad_value("path", "a file of rankings", f"{str(place)!r}, not there", mend)
    if features is not None:
        features = whole_number("features", features, least=1, mend="Pass e.g. features=46.")
    from sklearn.datasets import load_svmlight_file  # half a second to import: when asked for

    expected = "lines such as '2 qid:7 1:0.3 2:0.9'"
    try:
        X, y, groups = load_svmlight_file(str(place), n_features=features, query_id=True)
    except (ValueError, OSError, EOFError) as error:
        raise bad_value(place.name, expected, f"{error}", "Mend the file.") from error
    if not len(y) or len(groups) != len(y):
        received = f"{len(groups)} of {len(y)} lines with 'qid:'"
        raise bad_value(place.name, expected, received, "Name the query in every line.")
    whole = (y == np.round(y)).all()
    relevance = y.astype(int) if whole else y
    dense = X.toarray()
    dense.flags.writeable = False  # Dataset need not copy it
    return Dataset(dense, relevance, "ranking", (), ("relevance",), place.stem, groups=groups)
