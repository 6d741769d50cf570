// Stand-in for the Arduino core, as far as the generated sketches use it. It is stricter than the
// real one where that finds mistakes: Serial cannot print floats, pins are checked.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(ARDUINO_ARCH_ESP32)
#define LOW 0x0
#define HIGH 0x1
#define OUTPUT 0x03
using PinStatus = uint8_t;
using PinMode = uint8_t;
static const uint8_t LED_BUILTIN = 21;
#else
enum PinStatus { LOW = 0, HIGH = 1 };  // an enum: ArduinoCore-API does not take plain integers
enum PinMode { INPUT = 0, OUTPUT = 1 };
#if defined(ARDUINO_ARCH_RP2040)
#define LED_BUILTIN (13u)
#else
#define LEDR (22u)
#define LEDG (23u)
#define LEDB (24u)
#endif
#endif

uint32_t micros();
uint32_t millis();  // `unsigned long` in the real one, which has 32 bits on a board
void delay(unsigned long ms);
void pinMode(uint8_t pin, PinMode mode);
void digitalWrite(uint8_t pin, PinStatus level);

constexpr int HEX = 16;

class SerialClass {
 public:
  void begin(unsigned long baud);
  void print(char c);
  void print(const char* text);
  void print(unsigned int number);
  void print(unsigned long number);
  void print(double number) = delete;
  size_t write(const uint8_t* bytes, size_t count);
  operator bool();  // whether a program has opened the port
  void println();
  void println(const char* text);
  void println(unsigned long number, int base);
  int read();  // -1: nothing has arrived
};

extern SerialClass Serial;

#if defined(ARDUINO_ARCH_ESP32)
class EspClass {
 public:
  uint32_t getCycleCount();
};
extern EspClass ESP;

constexpr int pdPASS = 1;
int xTaskCreatePinnedToCore(void (*task)(void*), const char* name, uint32_t stackBytes,
                            void* argument, unsigned priority, void** handle, int core);
#endif
