"""Equations as MathML, which browsers draw themselves: pages need no network, and no script."""

from typing import Any

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

_LOG = logging.getLogger(__name__)


def _mathml(node: nodes.Element, as_block: bool) -> str:
    try:
        # Docutils takes \textstyle at the beginning of a group only; what it asks for is the default there.
        return str(latex2mathml.tex2mathml(node.astext().replace("\\textstyle", ""), as_block=as_block))
    except MathError as error:
        _LOG.warning("%s in the equation %s", error, node.astext(), location=node)
        return f"<code>{node.astext()}</code>"


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(_mathml(node, as_block=False))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="math" style="overflow-x: auto">{_mathml(node, as_block=True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
