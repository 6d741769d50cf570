"""Readable names of C++ functions, against what the compiler calls them."""

import re

from tinykit.board.virtual.build import Memory, build
from tinykit.board.virtual.names import readable

PROGRAM = """
namespace model { __attribute__((used)) void conv_2d_1() {} }
namespace { __attribute__((used)) void hidden(int) {} }
static __attribute__((used)) int local(const char*) { return 1; }
namespace outer { namespace inner {
template <int kSize, class T> struct Ring {
  T items[kSize];
  __attribute__((used, noinline)) int push(T item) const { return kSize + static_cast<int>(item); }
};
} }
template <class T> __attribute__((used, noinline)) T twice(T x) { return x + x; }
struct Thing {
  __attribute__((used, noinline)) Thing(int) {}
  __attribute__((used, noinline)) ~Thing() {}
};
outer::inner::Ring<3, short> ring;
extern "C" __attribute__((used)) int plain() {
  Thing thing(1);
  return ring.push(5) + twice(4) + twice(2.5f) > 3;
}
"""


def test_names_are_as_a_programmer_writes_them():
    memory = Memory(flash=100_000, ram=100_000, stack=4096)
    marked = r"model|hidden|local|push|twice|Thing|plain"
    roots = ("plain", "_ZN5model9conv_2d_1Ev")
    program = build({"names.cpp": PROGRAM}, memory, roots=roots)
    names = {f.name for f in program.functions if re.search(marked, f.symbol)}
    assert names == {
        "model::conv_2d_1",
        "outer::inner::Ring::push",
        "twice",
        "Thing::Thing",
        "Thing::~Thing",
        "plain",
    }


def test_what_is_not_understood_stays_as_it_is():
    for symbol in (
        "main",
        "_Z",
        "_ZN",
        "_ZplRK6StringS1_",
        "_ZTV5Print",
        "__aeabi_dadd",
    ):
        assert readable(symbol) == symbol
    assert readable("_ZN12_GLOBAL__N_16hiddenEi") == "hidden"
    assert readable("_ZL5localPKc") == "local"
    assert readable("_ZN7tinykit6LogMelILi512ELi320ELi40ELi49EE12computeFrameEv") == (
        "tinykit::LogMel::computeFrame"
    )
