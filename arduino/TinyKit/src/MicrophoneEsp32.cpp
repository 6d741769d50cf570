// XIAO ESP32S3 Sense: PDM microphone on the I2S peripheral. Reading it blocks, so a task of its own
// does that, on the core that loop() does not use.
#if defined(ARDUINO_ARCH_ESP32)

#include <Arduino.h>
#include <ESP_I2S.h>

#include "Microphone.h"

namespace tinykit {
namespace {

constexpr int8_t kClockPin = 42;  // https://wiki.seeedstudio.com/xiao_esp32s3_sense_mic/
constexpr int8_t kDataPin = 41;

SampleReceiver receiver = nullptr;
I2SClass i2s;
int16_t block[256];

void readForever(void*) {
  for (;;) {
    const size_t bytes = i2s.readBytes(reinterpret_cast<char*>(block), sizeof(block));
    receiver(block, static_cast<uint32_t>(bytes / sizeof(int16_t)));
  }
}

}  // namespace

bool startMicrophone(int sampleRate, SampleReceiver newReceiver) {
  receiver = newReceiver;
  i2s.setPinsPdmRx(kClockPin, kDataPin);
  if (!i2s.begin(I2S_MODE_PDM_RX, static_cast<uint32_t>(sampleRate), I2S_DATA_BIT_WIDTH_16BIT,
                 I2S_SLOT_MODE_MONO)) {
    return false;
  }
  return xTaskCreatePinnedToCore(readForever, "microphone", 4096, nullptr, 2, nullptr, 0) == pdPASS;
}

}  // namespace tinykit

#endif
