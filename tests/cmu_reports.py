"""What tests ask of CMU-MOSI and CMU-MOSEI alike."""

from trimodal.corpus import Corpus, Segment


def by_id(corpus: Corpus) -> dict[str, Segment]:
    """Return the segments by their ids."""
    return {segment.id: segment for segment in corpus.segments}


def problems(corpus: Corpus) -> list[str]:
    """Return the problems but for those that a miniature always has."""
    return [line for line in corpus.problems if " of the folds " not in line and "published" not in line]
