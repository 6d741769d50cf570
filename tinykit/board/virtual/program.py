"""A compiled program: its memory image, its functions, and which source line an address is."""

import bisect
import functools
import io
from dataclasses import dataclass
from pathlib import Path

from tinykit.board.virtual import toolchain
from tinykit.board.virtual.names import readable

FLASH_START = 0x0001_0000  # the Nano 33 BLE's boot loader occupies what lies below
RAM_START = 0x2000_0000


@dataclass(frozen=True)
class Function:
    """A function of the program: where it lies (address and size in bytes) and what it is called.

    `name` is readable ("model::invoke"), `symbol` the linker's ("_ZN5model6invokeEv").
    """

    address: int
    size: int
    name: str
    symbol: str


@dataclass(frozen=True)
class Section:
    """A piece of the memory image: name, address, size in bytes, whether it takes flash."""

    name: str
    address: int
    size: int
    data: bytes  # b"" for zero-initialized memory


class Program:
    """An ELF file for the board."""

    def __init__(self, path: Path) -> None:
        toolchain.require("elftools", "The virtual board")
        self.path = path
        self._elf_bytes = path.read_bytes()
        elf = self._elf()
        self.sections = [
            Section(
                section.name,
                section["sh_addr"],
                section["sh_size"],
                b"" if section["sh_type"] == "SHT_NOBITS" else section.data(),
            )
            for section in elf.iter_sections()
            if section["sh_flags"] & 2 and section["sh_size"]  # SHF_ALLOC
        ]
        self.symbols: dict[str, int] = {}
        self.objects: list[tuple[str, int, int]] = []  # (symbol, address, size) of data
        functions: dict[int, Function] = {}
        for symbol in elf.get_section_by_name(".symtab").iter_symbols():
            name, address, size = symbol.name, symbol["st_value"], symbol["st_size"]
            kind, bind = symbol["st_info"]["type"], symbol["st_info"]["bind"]
            if kind == "STT_FUNC":
                address &= ~1  # bit 0 says Thumb
                known = functions.get(address)
                if known is None or (bind == "STB_GLOBAL" and not known.size):
                    functions[address] = Function(address, size, readable(name), name)
            elif kind == "STT_OBJECT":
                self.objects.append((name, address, size))
            if bind != "STB_LOCAL" or name not in self.symbols:
                self.symbols[name] = address
        self.functions = [functions[address] for address in sorted(functions)]
        self._starts = [function.address for function in self.functions]

    def _elf(self):
        from elftools.elf.elffile import ELFFile

        return ELFFile(io.BytesIO(self._elf_bytes))

    @property
    def flash_bytes(self) -> int:
        """Bytes of flash: code, constants, and the initial values of variables."""
        return sum(len(section.data) for section in self.sections)

    @property
    def static_bytes(self) -> int:
        """Bytes of RAM that global and static variables take."""
        return sum(s.size for s in self.sections if s.address >= RAM_START)

    @property
    def uses_heap(self) -> bool:
        """Whether anything in it calls malloc()."""
        return "malloc" in self.symbols

    def function_at(self, address: int) -> Function | None:
        """The function that an address lies in."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        function = self.functions[index]
        return function if address < function.address + max(function.size, 1) else None

    def line_at(self, address: int) -> tuple[str, int] | None:
        """Source file and line of an address, as the compiler noted them."""
        index = bisect.bisect_right(self._lines[0], address) - 1
        return self._lines[1][index] if index >= 0 else None

    def frame_row(self, address: int) -> dict | None:
        """Where the function at an address keeps its caller's registers (DWARF call frame row)."""
        rows = [row for row in self._frame_rows(address) if row["pc"] <= address]
        return max(rows, key=lambda row: row["pc"]) if rows else None

    def saves(self, register: int, address: int) -> bool:
        """Whether the function at an address saves a register of its caller's anywhere."""
        return any(register in row for row in self._frame_rows(address))

    def _frame_rows(self, address: int) -> list[dict]:
        for start, end, entry in self._frames:
            if start <= address < end:
                return entry.get_decoded().table
        return []

    def inlined_at(self, address: int) -> list[tuple[str, str, int]]:
        """The functions that the compiler has put in the place of their calls at an address.

        The outermost first; of each its name, and file and line of the call.
        """
        found: list[tuple[str, str, int]] = []
        for unit, low, high in self._units:
            if low <= address < high:
                _find_inlined(unit, unit.get_top_DIE(), address, found)
        return found

    @functools.cached_property
    def _dwarf(self):
        elf = self._elf()
        return elf.get_dwarf_info() if elf.has_dwarf_info() else None

    @functools.cached_property
    def _units(self) -> list[tuple[object, int, int]]:
        """The compiled files, without compiler-rt, and the span of addresses they cover."""
        units = []
        for unit in self._dwarf.iter_CUs() if self._dwarf else ():
            top = unit.get_top_DIE()
            if not top.get_full_path().endswith("compiler_rt"):
                ranges = [r for r in _ranges(unit, top) if r[0] >= FLASH_START]
                if ranges:
                    units.append((unit, min(r[0] for r in ranges), max(r[1] for r in ranges)))
        return units

    @functools.cached_property
    def _frames(self) -> list[tuple[int, int, object]]:
        from elftools.dwarf.callframe import FDE

        if self._dwarf is None or not self._dwarf.has_CFI():
            return []
        entries = [entry for entry in self._dwarf.CFI_entries() if isinstance(entry, FDE)]
        starts = [(entry.header["initial_location"], entry) for entry in entries]
        return [(start, start + entry.header["address_range"], entry) for start, entry in starts]

    @functools.cached_property
    def _lines(self) -> tuple[list[int], list[tuple[str, int] | None]]:
        """Addresses, ascending, and the source line that begins at each of them."""
        rows: dict[int, tuple[str, int] | None] = {}
        for unit, _, _ in self._units:
            program = self._dwarf.line_program_for_CU(unit)
            for entry in program.get_entries() if program else ():
                state = entry.state
                if state is None or state.address < FLASH_START:
                    continue  # below FLASH_START: functions that the linker left out
                if state.end_sequence:
                    rows.setdefault(state.address, None)
                elif state.line:
                    rows[state.address] = (_file_name(unit, program, state.file), state.line)
        addresses = sorted(rows)
        return addresses, [rows[address] for address in addresses]


def _file_name(unit, program, number: int) -> str:
    """Name of a source file in a line table, without its folder."""
    header = program.header
    name = header["file_entry"][number - (header["version"] < 5)].name
    return name.decode("utf-8", "replace").replace("\\", "/").rsplit("/", 1)[-1]


def _ranges(unit, entry) -> list[tuple[int, int]]:
    """The addresses that an entry of the debug information covers, as (first, end)."""
    attributes = entry.attributes
    if "DW_AT_ranges" in attributes:
        lists = unit.dwarfinfo.range_lists()
        offset = attributes["DW_AT_ranges"].value
        base = _value(unit.get_top_DIE(), "DW_AT_low_pc")
        found = []
        for item in lists.get_range_list_at_offset(offset, cu=unit):
            if hasattr(item, "base_address"):
                base = item.base_address
                continue
            start = 0 if getattr(item, "is_absolute", False) else base
            found.append((start + item.begin_offset, start + item.end_offset))
        return found
    if "DW_AT_low_pc" not in attributes or "DW_AT_high_pc" not in attributes:
        return []
    low, high = attributes["DW_AT_low_pc"].value, attributes["DW_AT_high_pc"]
    return [(low, high.value if high.form == "DW_FORM_addr" else low + high.value)]


def _find_inlined(unit, entry, address: int, found: list[tuple[str, str, int]]) -> None:
    """Follow the entries that cover `address` down, and note the inlined functions."""
    for child in entry.iter_children():
        if child.tag == "DW_TAG_namespace":
            _find_inlined(unit, child, address, found)
            continue
        if not any(low <= address < high for low, high in _ranges(unit, child)):
            continue
        if child.tag == "DW_TAG_inlined_subroutine":
            origin = child.get_DIE_from_attribute("DW_AT_abstract_origin")
            program = unit.dwarfinfo.line_program_for_CU(unit)
            file = _file_name(unit, program, _value(child, "DW_AT_call_file"))
            found.append((_entry_name(origin), file, _value(child, "DW_AT_call_line")))
        _find_inlined(unit, child, address, found)


def _entry_name(entry) -> str:
    """The readable name of a function's debug entry."""
    for key in ("DW_AT_linkage_name", "DW_AT_name"):
        if key in entry.attributes:
            return readable(entry.attributes[key].value.decode("utf-8", "replace"))
    if "DW_AT_specification" in entry.attributes:
        return _entry_name(entry.get_DIE_from_attribute("DW_AT_specification"))
    return "?"


def _value(entry, key: str) -> int:
    return entry.attributes[key].value if key in entry.attributes else 0
