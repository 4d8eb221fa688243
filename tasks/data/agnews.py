"""AG News: title and description of news in four classes (World, Sports, Business, Sci/Tech).

Reads ``agnews/test.csv`` (7,600 rows: class 1-4, title, description; no header) and, for training,
``agnews/train.csv`` (120,000 such rows) or, where that is missing, ``agnews/train_partial.csv.gz`` (27,940 of them:
label 1-4, source, text). A case is the numbers of its first 64 words, [time, 1, case] int32; a shorter text ends in
zeros (0 is padding, 1 an unknown word). Words are lower-case runs of letters and digits; the vocabulary holds the
7,998 most frequent ones of the train part (of equally frequent ones the alphabetically first). A tenth of each class
of the training rows, drawn once for all, is the validation part; the protocol ``paper`` trains on all rows (the
authors have 120,000).

There is no drive in [0, 1] here: an embedding, learned with the kinetics, turns words into series.
"""

import csv
import gzip
import re
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.data.location import data_file, first_data_file
from tasks.data.protocol import HONEST, PAPER
from tasks.data.split import stratified_holdout
from tasks.errors import DataError
from tasks.task import Part, Task

PROTOCOLS = {
    HONEST: "nine tenths of the training rows at hand, a tenth for validation, the official 7,600 test",
    PAPER: "all training rows at hand (the authors: 120,000), the official 7,600 test, chosen on the test part",
}
CLASSES = ("World", "Sports", "Business", "Sci/Tech")
WORDS = 8000
"""Size of the vocabulary, padding and the unknown word included."""
STEPS = 64
_UNKNOWN = 1
_TOKEN = re.compile(r"[^\W_]+")


def load(protocol: str = HONEST) -> Task:
    """Load the set from ``MEMSWEEP_DATA``; raises ``DataError`` if it is not there or not intact."""
    train_path = first_data_file("agnews/train.csv", "agnews/train_partial.csv.gz")
    test_path = data_file("agnews/test.csv")
    y, texts = _rows(train_path, header=train_path.suffix == ".gz")
    test_y, test_texts = _rows(test_path, header=False)
    everything = np.arange(len(y))
    if protocol == PAPER:
        kept = everything
    else:
        kept, held = stratified_holdout(y, 0.1)
    tokens = [_TOKEN.findall(text.lower()) for text in texts]
    vocabulary = _vocabulary([tokens[case] for case in kept])
    x = _numbers(tokens, vocabulary)
    test = Part(
        np.ascontiguousarray(_numbers([_TOKEN.findall(text.lower()) for text in test_texts], vocabulary)), test_y
    )

    def part(cases: NDArray[np.int64]) -> Part:
        return Part(np.ascontiguousarray(x[:, :, cases]), y[cases])

    return Task(
        name="agnews",
        description=f"news in four classes; the first {STEPS} words as numbers of a vocabulary of {WORDS}",
        classes=len(CLASSES),
        class_names=CLASSES,
        train=part(kept),
        validation=test if protocol == PAPER else part(held),
        test=test,
        protocol=protocol,
        words=WORDS,
    )


def _rows(path: Path, *, header: bool) -> tuple[NDArray[np.int64], list[str]]:
    """Classes from 0 and texts; the text of a row without header is its title and description."""
    opener = gzip.open if path.suffix == ".gz" else open
    labels, texts = [], []
    try:
        with opener(path, "rt", encoding="utf-8", newline="") as stream:
            rows = csv.reader(stream)
            if header and next(rows, None) != ["label", "source", "text"]:
                raise DataError(f"`{path}` must start with the header label,source,text, but does not.")
            for row in rows:
                if len(row) != 3 or row[0] not in ("1", "2", "3", "4"):
                    raise DataError(
                        f"`{path}` must have three columns and a class 1 to 4 in each row, but line {rows.line_num} "
                        f"has {len(row)} columns and starts with {(row or [''])[0][:20]!r}."
                    )
                labels.append(int(row[0]) - 1)
                texts.append(row[2] if header else f"{row[1]} {row[2]}")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error, csv.Error) as error:
        raise DataError(f"`{path}` must be an intact CSV file in UTF-8, but cannot be read ({error}).") from error
    y = np.array(labels, np.int64)
    if len(np.unique(y)) < len(CLASSES):
        raise DataError(f"`{path}` must hold rows of all four classes, but holds {sorted(set(labels))} (from 0).")
    return y, texts


def _vocabulary(texts: list[list[str]]) -> dict[str, int]:
    """Word -> number from 2, by falling frequency."""
    counts: Counter[str] = Counter()
    for tokens in texts:
        counts.update(tokens)
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return {word: number for number, word in enumerate(ranked[: WORDS - 2], start=2)}


def _numbers(texts: list[list[str]], vocabulary: dict[str, int]) -> NDArray[np.int32]:
    """Word numbers [time, 1, case]."""
    x = np.zeros((len(texts), STEPS), np.int32)
    for row, tokens in zip(x, texts, strict=True):
        numbers = [vocabulary.get(word, _UNKNOWN) for word in tokens[:STEPS]]
        row[: len(numbers)] = numbers
    return x.T[:, None, :]
