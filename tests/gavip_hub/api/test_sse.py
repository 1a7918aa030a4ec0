"""The event stream survives any cut of its bytes."""

from hypothesis import given
from hypothesis import strategies as st

from gavip_hub.api.sse import KEEP_ALIVE, Message, MessageReader

TEXT = st.text(alphabet=st.characters(exclude_characters="\r", codec="utf-8"))
MESSAGES = st.lists(
    st.builds(
        Message,
        data=TEXT,
        event=st.sampled_from(["phase", "usage"]),
        id=st.none() | st.integers(1, 9).map(str),
    )
)


@given(MESSAGES, st.lists(st.integers(0, 40)))
def test_messages_come_out_as_they_went_in(
    messages: list[Message], cuts: list[int]
) -> None:
    """However the bytes are cut, each message arrives once and whole."""
    stream = KEEP_ALIVE.join(message.encode() for message in messages)
    reader, got = MessageReader(), []
    for cut in cuts:
        got += reader.feed(stream[:cut])
        stream = stream[cut:]
    got += reader.feed(stream)
    assert got == messages


@given(st.integers(0, 60))
def test_every_line_end_of_the_standard_is_read(cut: int) -> None:
    """Lines may end in CR, LF or both, also when a piece ends between the two."""
    stream = b"event: phase\r\ndata: one\rdata: two\n\r\ndata:three\r\r:c\n"
    reader = MessageReader()
    got = reader.feed(stream[:cut]) + reader.feed(stream[cut:])
    assert got == [Message("one\ntwo", "phase"), Message("three")]
