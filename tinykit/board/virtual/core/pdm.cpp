// The microphone. When a block of samples is complete, an interrupt makes it available and calls
// the sketch; a block that is still unread then stops the microphone for good, as on the board
// (ArduinoCore-mbed, libraries/PDM/src/nrf52/PDM.cpp).
#include <PDM.h>

#include "doors.h"

namespace {

constexpr int kUsualSize = 512;
constexpr int kLargestSize = 16384;
alignas(4) uint8_t usualBlock[kUsualSize];
uint8_t* block = usualBlock;
int blockSize = kUsualSize;
volatile int unread = 0;  // bytes of `block` that wait, at its end
void (*receive)() = nullptr;

}  // namespace

PDMClass PDM;

// Called by the virtual board when a block is complete.
static void onBlock() {
  if (unread > 0) {
    board::write(board::kMicrophoneJammed, static_cast<uint32_t>(unread));
    return;
  }
  board::write(board::kMicrophoneBuffer, reinterpret_cast<uintptr_t>(block));
  unread = blockSize;
  if (receive != nullptr) receive();
}

int PDMClass::begin(int channels, int sampleRate) {
  if (channels != 1 || sampleRate != 16000) return 0;
  unread = 0;
  board::write(board::kMicrophoneHandler, reinterpret_cast<uintptr_t>(onBlock));
  board::write(board::kMicrophoneSamples, static_cast<uint32_t>(blockSize) / sizeof(int16_t));
  board::write(board::kMicrophoneRate, static_cast<uint32_t>(sampleRate));
  return 1;
}

void PDMClass::end() { board::write(board::kMicrophoneRate, 0); }
int PDMClass::available() { return unread; }

int PDMClass::read(void* buffer, size_t size) {
  const int waiting = unread;
  const int count = static_cast<int>(size) < waiting ? static_cast<int>(size) : waiting;
  memcpy(buffer, block + (blockSize - waiting), static_cast<size_t>(count));
  unread = waiting - count;
  return count;
}

void PDMClass::onReceive(void (*function)()) { receive = function; }

void PDMClass::setBufferSize(int size) {
  size = size < 2 ? 2 : size > kLargestSize ? kLargestSize : size & ~1;
  uint8_t* larger = size > kUsualSize ? static_cast<uint8_t*>(malloc(static_cast<size_t>(size)))
                                      : usualBlock;
  if (larger == nullptr) return;
  block = larger;
  blockSize = size;
}
