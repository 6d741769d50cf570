// The microphone, as Arduino's PDM library for the Nano 33 BLE drives it.
#pragma once

#include <Arduino.h>

class PDMClass {
 public:
  int begin(int channels, int sampleRate);  // 1 channel, 16000 Hz; 0: not supported
  void end();
  int available();                          // bytes
  int read(void* buffer, size_t size);      // bytes read
  void onReceive(void (*function)());       // called from the interrupt
  void setGain(int) {}                      // recordings are played as they are
  void setBufferSize(int size);             // bytes, up to 16384; before begin()
};
extern PDMClass PDM;
