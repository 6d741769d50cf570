"""The virtual board's microphone: every sample once, unless the sketch comes too late."""

import numpy as np
import pytest

import tinykit as tk

CHECKSUM = """
#include <PDM.h>
short block[256];
volatile unsigned long sum = 0, samples = 0, calls = 0;
void onData() {
  int count = PDM.read(block, sizeof(block)) / 2;
  for (int i = 0; i < count; i++) sum = sum * 31 + (unsigned short)block[i];
  samples += count;
  calls++;
}
void setup() {
  PDM.onReceive(onData);
  if (!PDM.begin(1, 16000)) Serial.println("no microphone");
}
void loop() {
  if (samples < 16384) return;
  Serial.println(sum);
  Serial.println(calls);
  while (true) delay(1000);
}
"""


def test_every_sample_reaches_the_sketch_once_and_in_order():
    """A checksum that depends on the order, computed on the board and here."""
    audio = np.random.default_rng(0).integers(-32768, 32768, 20_000).astype(np.int16)
    expected = 0
    for sample in audio[:16384].view(np.uint16).tolist():
        expected = (expected * 31 + sample) % 2**32
    result = tk.VirtualBoard().run(CHECKSUM, audio=audio)
    assert [line.text for line in result.serial] == [str(expected), "64"]
    assert result.lost_samples == 0
    # 16384 samples take 1.024 s at 16 kHz.
    assert abs(result.serial[0].seconds - 1.024) < 1e-3


def test_the_microphone_stops_when_a_block_is_not_read():
    """Arduino's PDM library disables the microphone when the block before is still unread."""
    text = CHECKSUM.replace("int count = PDM.read(block, sizeof(block)) / 2;", "int count = 0;")
    result = tk.VirtualBoard().run(text, audio=np.zeros(16_000, np.int16), seconds=1)
    assert result.microphone_stopped == pytest.approx(0.032, abs=1e-3)
    assert result.lost_samples == pytest.approx(16_000 - 256, abs=16)
    assert "not been read" in str(result)


def test_blocks_are_lost_while_interrupts_are_off_for_long():
    """Off for 50 ms: of the blocks that end at 16, 32 and 48 ms, two are overwritten."""
    off = "noInterrupts(); delay(50); interrupts(); done = true;"
    text = CHECKSUM.replace(
        "void loop() {", f"void loop() {{\n  static bool done;\n  if (!done) {{ {off} }}\n"
    )
    result = tk.VirtualBoard().run(text, audio=np.ones(32_000, np.int16))
    assert result.lost_samples == 512
    assert result.serial[1].text == "64"


def test_a_recording_may_be_a_file(tmp_path):
    import soundfile

    audio = np.random.default_rng(1).integers(-9000, 9000, 20_000).astype(np.int16)
    soundfile.write(tmp_path / "take.wav", audio, 16_000)
    from_file = tk.VirtualBoard().run(CHECKSUM, audio=tmp_path / "take.wav")
    assert from_file.serial == tk.VirtualBoard().run(CHECKSUM, audio=audio).serial
