"""What generated code has besides for a net that hears: the front end's record, and functions that call for it."""

from __future__ import annotations

from edgehfn.backends.c.data import Field, Member, Ref
from edgehfn.ir.graph import Graph

CALLED = ("hfn_sound_start", "hfn_sound_feed", "hfn_sound_window", "hfn_sound_decide")


def state(graph: Graph) -> int:
    """The bytes of RAM that sound takes besides the arena; 0 of other models."""
    if graph.sound is None or graph.input is None:
        return 0
    return graph.sound.state(graph.input.shape[1], graph.output.shape[0])


def members(graph: Graph) -> list[Member]:
    """The record of the front end (firmware/include/edgehfn_sound.h) and its tables."""
    front, node = graph.sound, graph.input
    if front is None or node is None:
        return []
    tables = {"wave": front.wave, "starts": front.starts, "weights": front.weights}
    record = (
        *(Field(name, "I", Ref(f"sound_{name}")) for name in tables),
        Field("points", "H", front.points),
        Field("hop", "H", front.hop),
        Field("rows", "H", node.shape[1]),
        Field("bands", "H", front.bands),
        Field("emphasis", "H", front.emphasis),
        Field("offset", "h", front.offset),
        Field("multiplier", "H", front.multiplier),
        Field("shift", "H", front.shift),
        Field("average", "H", front.average),
        Field("classes", "H", graph.output.shape[0]),
    )
    arrays = [Member(f"sound_{name}", "tables", "uint16_t", table) for name, table in tables.items()]
    return [*arrays, Member("sound", "tables", "struct hfn_sound", record)]


def declared(graph: Graph, name: str) -> str:
    """The header's part on sound."""
    front, node, up = graph.sound, graph.input, name.upper()
    if front is None or node is None:
        return ""
    return f"""
/* Sound, {front.rate} samples a second, becomes rows of bytes, the last {node.shape[1]} of which the net reads.
 * All memory of that: static {up}_SOUND(sound); */
#define {up}_RATE {front.rate}
#define {up}_HOP {front.hop} /* samples from a row to the next */
#define {up}_CLIP {front.samples(node.shape[1])} /* samples that fill all rows */
#define {up}_SOUND_SIZE {state(graph)} /* bytes */
#define {up}_SOUND(sound) uint32_t sound[{up}_SOUND_SIZE / 4]
"""


def runs(graph: Graph, name: str) -> str:
    """The prototypes."""
    if graph.sound is None:
        return ""
    return f"""
/* Silence so far. */
void {name}_sound_start(uint32_t *sound);

/* Any number of samples. Returns how many rows they completed. */
uint32_t {name}_feed(uint32_t *sound, const int16_t *samples, uint32_t count);

/* Runs the net on the last rows: call it after every row, or every few. Returns the class that is heard, or -1.
 * thresholds: for each class, by how many steps of the output it must exceed every other one, on the average of the
 * last {graph.sound.average} runs. */
int {name}_listen(uint32_t *sound, uint32_t *arena, const uint8_t *thresholds);

/* Copies the last rows into the net's input, for who runs it without decisions. */
void {name}_window(const uint32_t *sound, uint32_t *arena);
"""


def defined(graph: Graph, name: str) -> str:
    """The definitions."""
    if graph.sound is None:
        return ""
    up, record = name.upper(), f"&{name}_data.sound"
    return f"""
HFN_ASSERT({name}_sound, {up}_SOUND_SIZE == HFN_SOUND_STATE({_sizes(graph)}));

void {name}_sound_start(uint32_t *sound) {{
    hfn_sound_start({record}, sound);
}}

uint32_t {name}_feed(uint32_t *sound, const int16_t *samples, uint32_t count) {{
    return hfn_sound_feed(&{name}_data, {record}, sound, samples, count);
}}

void {name}_window(const uint32_t *sound, uint32_t *arena) {{
    hfn_sound_window({record}, sound, {up}_INPUT(arena));
}}

int {name}_listen(uint32_t *sound, uint32_t *arena, const uint8_t *thresholds) {{
    {name}_window(sound, arena);
    {name}_run(arena);
    return hfn_sound_decide({record}, sound, {up}_OUTPUT(arena), thresholds);
}}
"""


def _sizes(graph: Graph) -> str:
    front, node = graph.sound, graph.input
    assert front is not None
    assert node is not None
    sizes = (front.points, node.shape[1], front.bands, front.average, graph.output.shape[0])
    return ", ".join(map(str, sizes))
