"""Classic data sets, from the copies that scikit-learn carries with it; imports the core only.

Units are in the names where scikit-learn's description or the quantity itself tells them; where it
does not, none is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.checks import check_installed
from ..core.data.dataset import Dataset
from ..core.errors import bad_value
from ..core.losses.loss import Task


def iris() -> Dataset:
    """Return Fisher's iris: 150 flowers, 4 lengths in cm, 3 species.

    R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7,
    1936.
    """
    return _from_sklearn("iris", "classification")


def wine() -> Dataset:
    """Return the wine recognition data: 178 wines, 13 chemical measurements, 3 cultivators.

    M. Forina et al., PARVUS, Institute of Pharmaceutical and Food Analysis and Technologies, Genoa;
    UCI machine learning repository, 1991. Its description names no units.
    """
    return _from_sklearn("wine", "classification")


def digits(binary: bool = False) -> Dataset:
    """Return 1,797 handwritten digits: 8x8 pixels, each from 0 (paper) to 16 (ink), 10 classes.

    The test part of E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI
    machine learning repository, 1998. ``pixel_r_c`` lies in row r and column c, from 0.

    Parameters
    ----------
    binary : bool
        Whether a pixel is 1 (more than half of it ink: above 8) or 0, as a machine with binary
        units reads it; ``2 * ds.X - 1`` are patterns of 1 and -1. 10 to 27 pixels of a digit are
        then ink, and 13 of the 64 are it for none.
    """
    if not isinstance(binary, bool):
        raise bad_value("binary", "True or False", repr(binary), "Pass e.g. binary=True.")
    ds = _from_sklearn("digits", "classification")
    if not binary:
        return ds
    ink = (ds.X > 8).astype(float)
    return Dataset(ink, ds.y, ds.task, ds.feature_names, ds.target_names, "binary digits")


def breast_cancer() -> Dataset:
    """Return the Wisconsin diagnostic data: 569 tumors, 30 measures of their cells, 2 classes.

    Class 0 is malignant, 1 benign. Of each of 10 measures there are the mean over the cells of an
    image, its standard error, and the mean of the three largest ("worst").

    W. N. Street, W. H. Wolberg, O. L. Mangasarian, "Nuclear feature extraction for breast tumor
    diagnosis", 1993. Its description names no units.
    """
    return _from_sklearn("breast_cancer", "classification")


def diabetes() -> Dataset:
    """Return the diabetes data: 442 patients, 10 measurements, how the disease went on in a year.

    In their own units: scikit-learn hands it out with each column centered and divided by its
    standard deviation times sqrt(442), unless it is asked for ``scaled=False``, as it is here. Use
    `standardized` to train on it.

    B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, "Least Angle Regression", Annals of Statistics
    32, 2004.
    """
    features = (
        "age (years)",
        "sex (1 or 2)",
        "body mass index (kg/m²)",
        "average blood pressure (mm Hg)",
        "total serum cholesterol",
        "low-density lipoproteins",
        "high-density lipoproteins",
        "total cholesterol / HDL",
        "log of serum triglycerides",
        "blood sugar",
    )
    targets = ("disease progression",)
    return _from_sklearn("diabetes", "regression", features, targets, scaled=False)


def linnerud() -> Dataset:
    """Return Linnerud's data: 20 men of a fitness club, 3 exercises, 3 measures of their bodies.

    From the exercises (how often each was done) their weight, waist and pulse are to be told.
    Courtesy of A. C. Linnerud, NC State University; the example of SAS/STAT's CANCORR procedure. No
    description names the units of the targets: men of 138 to 247 and waists of 31 to 46 are in
    pounds and inches, pulses of 46 to 74 in beats a minute.
    """
    features = ("chin-ups (count)", "sit-ups (count)", "jumps (count)")
    targets = ("weight (lb)", "waist (in)", "pulse (beats/min)")
    return _from_sklearn("linnerud", "regression", features, targets)


def _from_sklearn(
    name: str,
    task: Task,
    features: Sequence[str] = (),
    targets: Sequence[str] = (),
    **options: Any,
) -> Dataset:
    check_installed("sklearn", f"datasets.{name}()", "scikit-learn")
    from sklearn import datasets  # half a second to import: only when asked for

    bunch = getattr(datasets, f"load_{name}")(**options)
    if not features:  # scikit-learn's: words joined by _, but pixel_3_5 stays as it is
        names = [str(n) for n in bunch.feature_names]
        features = [n if n.startswith("pixel") else n.replace("_", " ") for n in names]
    targets = targets or [str(n) for n in bunch.target_names]
    return Dataset(bunch.data, bunch.target, task, features, targets, name)
