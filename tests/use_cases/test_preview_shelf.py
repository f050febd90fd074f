"""The shelf of previews in memory: never more bytes than it may hold."""

from backend.use_cases.preview_dataset import PreviewShelf
from tests.crypto.test_gated_preview import FILES, packed, preview_of


def test_one_large_preview_takes_the_room_of_several_small_ones() -> None:
    small = [preview_of(packed({**FILES, "data.csv": bytes([at])})) for at in range(4)]
    large = preview_of(packed({**FILES, "datasheet.html": b"x" * 3 * small[0].size}))
    shelf = PreviewShelf(most_bytes=large.size + small[0].size)
    for preview in (*small, large):
        shelf.put(preview)
        assert shelf.size <= large.size + small[0].size
    held = [one for one in (*small, large) if shelf.take(one.package_digest)]
    assert held == [small[-1], large]
