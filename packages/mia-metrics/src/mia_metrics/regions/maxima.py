"""Local maxima of a stack of maps, and the thresholds at which their components merge.

At every threshold t, the number of 8-connected components of {map >= t} is the number of maxima at
or above t minus the number of merges at or above t, where the merges are the edges of a maximum
spanning forest of the pixels (an edge is as high as the lower of its two pixels). The forest is
found by Boruvka's algorithm: its first round, which links every pixel to its highest neighbor,
needs no sorting and leaves one basin around each maximum; later rounds work on the edges between
basins. So the number of components is known at all thresholds at once, without labeling any.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mia_metrics.validate import Bools, Floats

Indices = NDArray[np.intp]

_FORWARD = ((0, 1), (1, -1), (1, 0), (1, 1))  # half of the 8 neighbors: each pair once


class Basins(NamedTuple):
    """Basins of attraction of a stack of maps, and the edges between them.

    Attributes:
        peaks: (P,) flat indices of the pixels that no neighbor exceeds, one of linked ties.
        total: number of basins: those of the peaks, then one for the merged pixels of each image.
        a: (E,) basin on one side of each edge between two basins.
        b: (E,) basin on the other side.
        height: (E,) the lower of the two pixels' values.
    """

    peaks: Indices
    total: int
    a: Indices
    b: Indices
    height: Floats


def basins(maps: Floats, merged: Bools | None = None) -> Basins:
    """Find the basins of attraction of the maps' maxima.

    Args:
        maps: (N, H, W) finite.
        merged: (N, H, W) pixels that form a single basin in each image.
    """
    size = maps.size
    parent = _highest_neighbor(maps)
    if merged is not None:
        image = np.flatnonzero(merged) // maps[0].size
        parent.ravel()[merged.ravel()] = size + image
    roots = np.concatenate((parent.ravel(), np.arange(size, size + len(maps))))
    roots = _follow(roots)
    peaks = np.flatnonzero(roots[:size] == np.arange(size))
    number = np.empty(size + len(maps), np.intp)
    number[peaks] = np.arange(peaks.size)
    number[size:] = peaks.size + np.arange(len(maps))
    basin = number[roots[:size]].reshape(maps.shape)
    edges = [_between(maps, basin, offset) for offset in _FORWARD]
    a, b, height = (np.concatenate(part) for part in zip(*edges, strict=True))
    return Basins(peaks, peaks.size + len(maps), a, b, height)


def merges(found: Basins) -> Floats:
    """Return the heights of the edges of a maximum spanning forest of the basins, unordered."""
    order = np.argsort(found.height)[::-1]
    a, b, height = found.a[order], found.b[order], found.height[order]
    taken: list[Floats] = [height[:0]]
    count = found.total
    while a.size:
        # Edges are sorted, so writing their numbers backwards leaves each basin its highest edge.
        best = np.full(count, a.size)
        backwards = np.arange(a.size)[::-1]
        best[a[::-1]] = backwards
        other = np.full(count, a.size)
        other[b[::-1]] = backwards
        best = np.minimum(best, other)
        linked = np.flatnonzero(best < a.size)
        edge = best[linked]
        taken.append(height[np.unique(edge)])
        parent = np.arange(count)
        parent[linked] = a[edge] + b[edge] - linked  # the basin on the other side
        mutual = (parent[parent] == np.arange(count)) & (parent > np.arange(count))
        parent[mutual] = np.flatnonzero(mutual)
        roots = _follow(parent)
        tops, number = np.unique(roots, return_inverse=True)
        count = tops.size
        a, b = number[a], number[b]
        apart = a != b
        a, b, height = a[apart], b[apart], height[apart]
    return np.concatenate(taken)


def local_maxima(maps: Floats, found: Basins) -> Indices:
    """Return the flat indices of the local maxima of maps (N, H, W), one for each plateau."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    top = maps.ravel()[found.peaks]
    lower, higher = np.minimum(top[found.a], top[found.b]), np.maximum(top[found.a], top[found.b])
    flat = found.height == lower  # reached without descending: the lower one is no maximum
    level = flat & (higher == lower)
    pairs = (np.ones(np.count_nonzero(level), bool), (found.a[level], found.b[level]))
    graph = coo_array(pairs, shape=(top.size, top.size))
    plateaus, plateau = connected_components(graph, directed=False)
    uphill = flat & (higher > lower)
    slope = np.where(top[found.a] < top[found.b], found.a, found.b)[uphill]
    is_peak = np.ones(plateaus, bool)
    is_peak[plateau[slope]] = False
    first = np.unique(plateau, return_index=True)[1]
    return found.peaks[first[is_peak]]


def _highest_neighbor(maps: Floats) -> Indices:
    """Return the flat index of the highest pixel around each one, (N, H, W); the first of ties."""
    own = np.arange(maps.size).reshape(maps.shape)
    parent, height = own.copy(), maps.copy()
    backward = tuple((-dy, -dx) for dy, dx in reversed(_FORWARD))
    for offset in backward + _FORWARD:
        here, there = _windows(offset)
        # Neighbors come in rising order of index: equal ones win only over the pixel itself.
        higher = maps[there] > height[here]
        if offset in backward:
            higher |= (maps[there] == height[here]) & (parent[here] == own[here])
        parent[here] = np.where(higher, own[there], parent[here])
        height[here] = np.where(higher, maps[there], height[here])
    return parent


def _between(
    maps: Floats, basin: Indices, offset: tuple[int, int]
) -> tuple[Indices, Indices, Floats]:
    """Return both basins and the height of every edge in one direction between two basins."""
    here, there = _windows(offset)
    apart = basin[here] != basin[there]
    return basin[here][apart], basin[there][apart], np.minimum(maps[here], maps[there])[apart]


def _windows(offset: tuple[int, int]) -> tuple[Any, Any]:
    """Return slices of the pixels that have a neighbor at an offset, and of these neighbors."""
    pairs = [
        (slice(max(-d, 0), -d if d > 0 else None), slice(max(d, 0), d if d < 0 else None))
        for d in offset
    ]
    (here_y, there_y), (here_x, there_x) = pairs
    return (slice(None), here_y, here_x), (slice(None), there_y, there_x)


def _follow(parent: Indices) -> Indices:
    """Replace every pointer by its root."""
    while True:
        further = parent[parent]
        if np.array_equal(further, parent):
            return parent
        parent = further
