// Stand-in for the I2S library of the ESP32 core, version 3.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum i2s_mode_t { I2S_MODE_STD, I2S_MODE_PDM_RX };
enum i2s_data_bit_width_t { I2S_DATA_BIT_WIDTH_16BIT = 16 };
enum i2s_slot_mode_t { I2S_SLOT_MODE_MONO = 1 };

class I2SClass {
 public:
  void setPinsPdmRx(int8_t clock, int8_t data);
  bool begin(i2s_mode_t mode, uint32_t rate, i2s_data_bit_width_t width, i2s_slot_mode_t slots);
  size_t readBytes(char* buffer, size_t bytes);  // waits until all are there
};
