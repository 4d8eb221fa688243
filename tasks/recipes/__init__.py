"""The recipes behind ``memsweep reproduce``: one file a task."""

from tasks.recipes import agnews, fsdd, mnist, modelnet10, sitw, utd_mhad
from tasks.recipes.paper_table import PAPER_TABLE
from tasks.recipes.recipe import PaperRow, Recipe

RECIPES: tuple[Recipe, ...] = (
    *sitw.RECIPES,
    *fsdd.RECIPES,
    *agnews.RECIPES,
    *mnist.RECIPES,
    *utd_mhad.RECIPES,
    *modelnet10.RECIPES,
)
"""All recipes, in the order of the table."""

__all__ = ["PAPER_TABLE", "RECIPES", "PaperRow", "Recipe"]
