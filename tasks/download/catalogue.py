"""What can be had where, with which licence, and how to tell that it is right.

Addresses were written down without a connection to them. ``confirmed`` of a source says whether address and checksum
are quoted alike by independent public code; ``note`` of a set says what is not known. A wrong address fails loudly, and
a changed file is refused by its digest, so a mistake here can cost a download, never wrong data.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tasks.download import convert

Converter = Callable[[Mapping[str, Path], Path], None]
"""Makes the files of a set, in the layout below a folder, from what was downloaded (source name -> file)."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file to download."""

    name: str
    """Its name here."""
    url: str
    """Where it lies."""
    sha256: str | None = None
    """Of its bytes; none if the origin packs it anew for each download."""
    size_bytes: int | None = None
    """About how much it is, for people."""
    confirmed: bool = False
    """Whether independent public code quotes the same address and checksum."""


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """A file of the layout."""

    path: str
    """Below the folder that ``MEMSWEEP_DATA`` names."""
    sha256: str | None = None
    """Of its bytes, if they are known."""
    arrays_sha256: str | None = None
    """Of its arrays, for an ``.npz``; either digest will do."""
    optional: bool = False
    """Whether the set does without; it is then not among what is downloaded."""


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set: what it is, where it comes from and what it becomes."""

    name: str
    """The word for it on the command line."""
    summary: str
    """What it is, in a line."""
    licence: str
    """What the origin says."""
    sources: tuple[Source, ...]
    """What to download; none: it has to be got by hand."""
    files: tuple[DataFile, ...]
    """What the tasks read."""
    convert: Converter | None = None
    """Makes the files; none: every source is a file by its name."""
    note: str = ""
    """What a user should know, and what is unconfirmed."""

    @property
    def size_bytes(self) -> int:
        """About how much there is to download."""
        return sum(source.size_bytes or 0 for source in self.sources)


_DDK = (
    "https://raw.githubusercontent.com/gllspeed/DDK/aa4883e4a3ed63889e4d63bc49031c5a9441a0ca/DDK/Audio_recognition/"
    "DDK%2BFC/adapt_convNet_pytorch_SITW1/Input_file/"
)
_MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_AGNEWS = "https://raw.githubusercontent.com/mhjabreel/CharCnn_Keras/master/data/ag_news_csv/"


MNIST = DataSet(
    name="mnist",
    summary="70,000 handwritten digits, 28 x 28",
    licence="none stated by LeCun, Cortes and Burges",
    sources=(
        Source(
            name="train-images-idx3-ubyte.gz",
            url=_MNIST + "train-images-idx3-ubyte.gz",
            sha256="440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            size_bytes=9_912_422,
            confirmed=True,
        ),
        Source(
            name="train-labels-idx1-ubyte.gz",
            url=_MNIST + "train-labels-idx1-ubyte.gz",
            sha256="3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            size_bytes=28_881,
            confirmed=True,
        ),
        Source(
            name="t10k-images-idx3-ubyte.gz",
            url=_MNIST + "t10k-images-idx3-ubyte.gz",
            sha256="8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            size_bytes=1_648_877,
            confirmed=True,
        ),
        Source(
            name="t10k-labels-idx1-ubyte.gz",
            url=_MNIST + "t10k-labels-idx1-ubyte.gz",
            sha256="f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            size_bytes=4_542,
            confirmed=True,
        ),
    ),
    files=(
        DataFile(
            path="mnist/mnist.npz",
            sha256="39b9b1ffaa0ba4d8995a616551f0966941fe02a3fe79ba4a9db7373db16d53ad",
            arrays_sha256="25b1a379d0a35342a5fb605ae7092594efeb1d484ce10bc5a55be448befd58ab",
        ),
    ),
    convert=convert.mnist,
    note="From PyTorch's mirror; the original site no longer gives the files out.",
)

SITW = DataSet(
    name="sitw",
    summary="1,250 voice features of 10 speakers, as the paper's authors made them",
    licence="none stated; derived from the corpus Speakers in the Wild",
    sources=(
        Source(
            name="speaker_no_fft_norm_128_1250.mat",
            url=_DDK + "speaker_no_fft_norm_128_1250.mat",
            sha256="164f357fb04ae727a70c4fb1da3bc08cbbbe4186c1cd75fa79d8b5f10830e860",
            size_bytes=1_196_506,
        ),
        Source(
            name="targets_no_fft_norm_128_1250.mat",
            url=_DDK + "targets_no_fft_norm_128_1250.mat",
            sha256="39d45216ca7d5ad2835ae1f4656fcb85834d06770cd58d546f815c018c17f23a",
            size_bytes=294,
        ),
    ),
    files=(
        DataFile(
            path="sitw/speaker_no_fft_norm_128_1250.mat",
            sha256="164f357fb04ae727a70c4fb1da3bc08cbbbe4186c1cd75fa79d8b5f10830e860",
        ),
        DataFile(
            path="sitw/targets_no_fft_norm_128_1250.mat",
            sha256="39d45216ca7d5ad2835ae1f4656fcb85834d06770cd58d546f815c018c17f23a",
        ),
    ),
    note="From the authors' repository at a fixed commit; checksums known, address not tried.",
)

AGNEWS = DataSet(
    name="agnews",
    summary="127,600 news titles and leads of 4 kinds",
    licence="for research and other non-commercial use",
    sources=(
        Source(
            name="train.csv",
            url=_AGNEWS + "train.csv",
            sha256="76a0a2d2f92b286371fe4d4044640910a04a803fdd2538e0f3f29a5c6f6b672e",
            size_bytes=29_470_338,
        ),
        Source(
            name="test.csv",
            url=_AGNEWS + "test.csv",
            sha256="521465c2428ed7f02f8d6db6ffdd4b5447c1c701962353eb2c40d548c3c85699",
            size_bytes=1_857_427,
            confirmed=True,
        ),
    ),
    files=(
        DataFile(path="agnews/train.csv", sha256="76a0a2d2f92b286371fe4d4044640910a04a803fdd2538e0f3f29a5c6f6b672e"),
        DataFile(path="agnews/test.csv", sha256="521465c2428ed7f02f8d6db6ffdd4b5447c1c701962353eb2c40d548c3c85699"),
        DataFile(
            path="agnews/train_partial.csv.gz",
            sha256="984d1f503d3a293012fa9f25060e8a7d95667a8de29cb7406f393e3419d21cd1",
            optional=True,
        ),
    ),
    note=(
        "The address is torchtext's. Of the training rows the SHA-256 is quoted by a single public project, whose "
        "sums of the test rows and whose MD5 sums agree with what is known. `train_partial.csv.gz` (27,940 rows) is a "
        "collection of this project's and is not for download."
    ),
)

MODELNET10 = DataSet(
    name="modelnet10",
    summary="4,899 objects of 10 kinds as 30 x 30 x 30 voxels",
    licence="none stated; models from Princeton's ModelNet10, for research",
    sources=(
        Source(
            name="modelnet10.npz",
            url=(
                "https://raw.githubusercontent.com/amitregmi/VoxNet-Google-Colab/"
                "2b66a4ddfac20dc6224fd2ed9b4da337525f29d6/data/modelnet10.npz"
            ),
        ),
    ),
    files=(
        DataFile(
            path="modelnet10/modelnet10_vox30.npz",
            sha256="9efdf1c11fe4c5b886402eb5334f542a64501e5683995ae40c6101829db8d3b7",
            arrays_sha256="88908fae5830b878032c3a24a695c2cde410082ba5fd37ed77058dc8356f4cac",
        ),
    ),
    convert=convert.modelnet10,
    note=(
        "Not the meshes of Princeton but voxels that others made of them; the checksum of the download is not known, "
        "that of the arrays it becomes is."
    ),
)

UTD_MHAD = DataSet(
    name="utd_mhad",
    summary="861 depth videos of 27 actions, reduced to 16 frames of 60 x 80",
    licence="none stated; cite Chen, Jafari and Kehtarnavaz 2015",
    sources=(
        Source(name="Depth.zip", url="http://www.utdallas.edu/~kehtar/UTD-MAD/Depth.zip", size_bytes=1_100_000_000),
    ),
    files=(
        DataFile(
            path="utd_mhad/utd_mhad_depth_16x60x80.npz",
            sha256="80b9939a8567ea5bb2eaba4b818cac974acc771aea93227a974d89b460f5cfc0",
            arrays_sha256="e792a99783f8dc7ecbb7873d245007d9de33f776814fcf8e10247a0b06c8a9d2",
        ),
    ),
    convert=convert.utd_mhad,
    note=(
        "A plain http address, its size from memory and its checksum not known; the arrays it becomes are checked. "
        "Depth only: skeletons and inertial data serve no task."
    ),
)

FSDD = DataSet(
    name="fsdd",
    summary="3,000 spoken digits of 6 speakers, 8 kHz",
    licence="CC BY-SA 4.0",
    sources=(
        Source(
            name="fsdd.zip",
            url="https://github.com/Jakobovski/free-spoken-digit-dataset/archive/26eb9aaf.zip",
            size_bytes=25_000_000,
        ),
    ),
    files=(
        DataFile(
            path="fsdd/fsdd.npz",
            sha256="6f77053f38df3a5ae1c3ac378210142440e120329e721356c796735b4e8f0d89",
            arrays_sha256="d4f8b45ab496102041d4056388da57d808bbf02f3a463fe8f91d949d623fd022",
        ),
    ),
    convert=convert.fsdd,
    note=(
        "GitHub packs the commit anew for each download, so it has no lasting checksum; the arrays it becomes are "
        "checked. Address by a short commit, not tried; size from memory."
    ),
)

UCF101 = DataSet(
    name="ucf101",
    summary="13,320 videos of 101 actions, of which the paper uses 10 sports",
    licence="none stated; cite Soomro, Zamir and Shah 2012",
    sources=(),
    files=(),
    note="6.5 GB of RAR, which needs a program of its own: get it by hand at https://www.crcv.ucf.edu/data/UCF101.php.",
)

DATA_SETS: dict[str, DataSet] = {s.name: s for s in (MNIST, SITW, AGNEWS, MODELNET10, UTD_MHAD, FSDD, UCF101)}
"""Every set by its name."""
