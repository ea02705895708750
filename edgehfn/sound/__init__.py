"""From samples of sound to rows of bytes that a net reads, and from its outputs to words (docs/SPEC.md section 10)."""

from edgehfn.sound.front_end import FrontEnd, mel
from edgehfn.sound.rows import features
from edgehfn.sound.words import decide

__all__ = ["FrontEnd", "decide", "features", "mel"]
