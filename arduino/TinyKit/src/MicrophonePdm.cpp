// Boards whose core brings Arduino's PDM library: Nano 33 BLE Sense, Nano RP2040 Connect, Nicla
// Vision. For others this file is empty.
#if defined(ARDUINO_ARCH_MBED)

#include <PDM.h>

#include "Microphone.h"

namespace tinykit {
namespace {

SampleReceiver receiver = nullptr;
int16_t block[256];  // as much as the PDM library holds

// Runs in the interrupt. The library stops for good when anything is left unread.
void onPdmData() {
  while (const int bytes = PDM.read(block, sizeof(block))) {
    receiver(block, static_cast<uint32_t>(bytes) / sizeof(int16_t));
  }
}

}  // namespace

bool startMicrophone(int sampleRate, SampleReceiver newReceiver) {
  receiver = newReceiver;
#if defined(ARDUINO_NICLA_VISION)
  // Here begin() notes where the buffer is, and then puts another in the place of a smaller one.
  PDM.setBufferSize(1024);
#endif
  PDM.onReceive(onPdmData);
  return PDM.begin(1, sampleRate) != 0;
}

}  // namespace tinykit

#endif
