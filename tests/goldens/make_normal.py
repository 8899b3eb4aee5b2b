"""Derives the table of `nbann/core/ops/normal.py`: run it to print the coefficients anew.

What is fitted is ``f(y) = Phi(-y) * exp(y**2 / 2)`` on 0 <= y <= 40, which falls smoothly from 1/2
to about 1/100, by a quotient of polynomials P/Q of degrees 9 and 10. The linear least-squares
problem ``P - f*Q = 0`` is solved over and over, weighted with ``1 / (f * Q)`` of the one before
(Sanathanan & Koerner, IEEE Trans. Automatic Control 8(1), 1963), so that in the end the relative
error is what is small. The points are Chebyshev's in ``t = (y - 3) / (y + 3)``. Needs mpmath (`pip
install mpmath`), which works to 50 digits here.
"""

DEGREE = 10
LAST = 40


def fitted(degree=DEGREE, last=LAST, rounds=12):
    """Return the coefficients of P and Q, highest power first (Q's first is 1), and the error."""
    from mpmath import mp

    with mp.workdps(50):
        points = _points(mp, 6 * (2 * degree - 1), last)
        values = [mp.erfc(y / mp.sqrt(2)) * mp.exp(y * y / 2) / 2 for y in points]
        under = [mp.mpf(1)] * len(points)
        for _ in range(rounds):
            over, below = _solved(mp, points, values, under, degree)
            under = [mp.polyval(below, y) for y in points]
        misses = [
            abs(mp.polyval(over, y) / q / f - 1)
            for y, q, f in zip(points, under, values, strict=True)
        ]
        top = below[0]
        return (
            [float(c / top) for c in over],
            [float(c / top) for c in below],
            float(max(misses)),
        )


def _points(mp, count, last):
    low, high = mp.mpf(-1), mp.mpf(last - 3) / (last + 3)
    angles = (mp.pi * (j + mp.mpf(1) / 2) / count for j in range(count))
    middles = ((low + high) / 2 + (high - low) / 2 * mp.cos(angle) for angle in angles)
    return [3 * (1 + t) / (1 - t) for t in middles]


def _solved(mp, points, values, under, degree):
    """Return P (degree - 1) and Q (degree, lowest coefficient 1) of one weighted least squares."""
    table = mp.matrix(len(points), 2 * degree)
    right = mp.matrix(len(points), 1)
    for row, (y, f, q) in enumerate(zip(points, values, under, strict=True)):
        for power in range(degree):
            table[row, power] = y**power / (f * q)
            table[row, degree + power] = -(y ** (power + 1)) / q
        right[row] = 1 / q
    sizes = [mp.norm(table[:, column]) for column in range(2 * degree)]
    for row in range(len(points)):
        for column, size in enumerate(sizes):
            table[row, column] /= size
    solution = mp.lu_solve(table, right)
    c = [solution[i] / sizes[i] for i in range(2 * degree)]
    return c[:degree][::-1], [*c[degree:][::-1], mp.mpf(1)]


if __name__ == "__main__":
    over, below, error = fitted()
    print("P:", *(f"    {c!r}," for c in over), sep="\n")
    print("Q:", *(f"    {c!r}," for c in below), sep="\n")
    print(f"largest relative error {error:.1e}")
