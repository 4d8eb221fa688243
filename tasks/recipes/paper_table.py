"""The headline chart of Shi et al., Nat. Commun. 16:913 (2025), read from the authors' public repository."""

from tasks.recipes.recipe import PaperRow

PAPER_TABLE: dict[str, PaperRow] = {
    "sitw": PaperRow(accuracy=0.935, accuracy_exp=0.925, parameters="2.2k", macs="2.2k"),
    "agnews": PaperRow(accuracy=0.912, accuracy_exp=0.902, parameters="39.0k", macs="2.5M"),
    "mnist": PaperRow(accuracy=0.966, accuracy_exp=0.926, parameters="38.2k", macs="39.7k"),
    "utd_mhad": PaperRow(accuracy=0.908, accuracy_exp=0.876, parameters="649.7k", macs="659.6k"),
    "modelnet10": PaperRow(accuracy=0.896, accuracy_exp=0.855, parameters="166.0k", macs="168.7k"),
}
"""Task -> row; ``utd_mhad`` stands beside the chart's UCF101, another data set."""
