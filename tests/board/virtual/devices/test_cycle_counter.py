"""A sketch can measure itself with the processor's cycle counter, as on a real Cortex-M4."""

from sketch_runs import setup_prints

REGISTERS = """
  volatile uint32_t& demcr = *reinterpret_cast<volatile uint32_t*>(0xE000EDFC);
  volatile uint32_t& control = *reinterpret_cast<volatile uint32_t*>(0xE0001000);
  volatile uint32_t& counter = *reinterpret_cast<volatile uint32_t*>(0xE0001004);
  auto wait = [&]() { uint32_t start = counter; delay(10); return counter - start; };
"""


def test_it_counts_the_cycles_between_two_looks():
    """10 ms at 64 MHz, and some instructions around them."""
    (cycles,) = setup_prints(
        f"{REGISTERS} demcr |= 1u << 24; control |= 1; Serial.println(wait());"
    )
    assert 640_000 <= int(cycles) < 640_200


def test_it_stands_still_until_unit_and_counter_are_on():
    lines = setup_prints(
        f"{REGISTERS} Serial.println(wait()); control |= 1; Serial.println(wait());"
        "demcr |= 1u << 24; Serial.println(wait() > 0); control &= ~1u; Serial.println(wait());"
    )
    assert lines == ["0", "0", "1", "0"]


def test_it_can_be_set_and_overflows_in_32_bits():
    lines = setup_prints(
        f"{REGISTERS} demcr |= 1u << 24; control |= 1; counter = 0xffffff00u; delay(1);"
        "Serial.println(counter < 70000);"
    )
    assert lines == ["1"]


def test_the_instruction_cache_says_that_it_is_on():
    assert setup_prints(
        "Serial.println(*reinterpret_cast<volatile uint32_t*>(0x4001E540) & 1);"
    ) == ["1"]
