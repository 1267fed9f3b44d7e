"""The last letter: an entity was erased. Whoever was its admin learns of it, for it may not have been meant."""

from dataclasses import dataclass

from chalicelib.domain import Letter, OutboxItem
from chalicelib.services.erasing_ports import Erasures
from chalicelib.services.letters import letter
from chalicelib.services.ports import Renderer, Suppressions


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureLetters:
    """``None`` when the address is not written to any more."""

    erasures: Erasures
    suppressions: Suppressions
    renderer: Renderer

    def erased(self, item: OutboxItem) -> Letter | None:
        """The name is known as long as the erasure is under way; then the id has to do."""
        erasure = self.erasures.get(item.subject_id)
        if erasure is None or self.suppressions.of([item.to]):
            return None
        text = self.renderer.letter(
            "erased",
            entity_name=erasure.name or erasure.entity_id,
            actor=erasure.requested_by,
            at=erasure.requested_at,
        )
        return letter(item, text)
