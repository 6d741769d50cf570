// Stand-in for the PDM library of Arduino's mbed cores.
#pragma once

#include <stddef.h>

class PDMClass {
 public:
  int begin(int channels, int sampleRate);
  void setBufferSize(int bytes);
  void onReceive(void (*callback)());
  int read(void* buffer, size_t bytes);
};

extern PDMClass PDM;
