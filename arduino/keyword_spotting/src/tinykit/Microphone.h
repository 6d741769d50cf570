// The board's microphone. Each family of boards has its own Microphone*.cpp.
#pragma once

#include <stdint.h>

namespace tinykit {

// Called with new samples whenever there are some: from an interrupt or from another task, so it
// must be short. A SampleRing is the place to put them.
using SampleReceiver = void (*)(const int16_t* samples, uint32_t count);

// Starts the microphone, one channel of 16-bit samples. False when it does not answer.
bool startMicrophone(int sampleRate, SampleReceiver receiver);

}  // namespace tinykit
