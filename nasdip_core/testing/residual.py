"""What a `residual` plugin has to do."""

from nasdip_core.architecture.ops import ResidualPattern
from nasdip_core.errors import OptionError


class ResidualConformance:
    """Inherit, and return your function from the fixture `pattern`, its options bound.

    A number of levels that does not go with the options may be refused, with OptionError.
    """

    def test_some_number_of_levels_is_legal(self, pattern: ResidualPattern) -> None:
        """It gives a matrix for at least one of 1 to 6 levels."""
        assert _legal(pattern)

    def test_gives_levels_by_levels_booleans(self, pattern: ResidualPattern) -> None:
        """A row per decoder level, a column per source, True or False."""
        for levels, matrix in _legal(pattern).items():
            assert [len(row) for row in matrix] == [levels] * levels
            assert all(type(entry) is bool for row in matrix for entry in row)

    def test_is_a_pure_function(self, pattern: ResidualPattern) -> None:
        """Two calls agree and share no list, not even between rows."""
        for levels, matrix in _legal(pattern).items():
            again = pattern(levels)
            assert again == matrix
            assert len({id(row) for row in [*matrix, *again]}) == 2 * levels


def _legal(pattern: ResidualPattern) -> dict[int, list[list[bool]]]:
    """Return the matrices by their number of levels, 1 to 6, where they are legal."""
    matrices = {}
    for levels in range(1, 7):
        try:
            matrices[levels] = pattern(levels)
        except OptionError:
            continue
    return matrices
