// Runs a generated sketch on the host: setup(), then loop() while a recording plays into the
// microphone. Time is counted in samples played, so every run is the same.
//
// Arguments, each KEY=VALUE:
//   recording  raw 16-bit samples
//   scores     raw int8: what the model answers, one row of `labels` values after the other; a
//              compiled model answers itself when the file is empty
//   inputs     file for what the model was given, one row of `input_size` bytes per inference
//   outputs    file for what it answered, one row of `labels` bytes per inference
//   network    file for the model the sketch holds, `network_size` bytes (TFLM only)
//   leds       file for every change of a pin: "milliseconds pin level" per line
//   start_ms   millis() at the start; invoke_ms how long an inference takes
//   need_arena bytes below which AllocateTensors() fails; microphone=0 makes it fail to start
//
// The model is either TFLM's stand-in, or the compiled one when COMPILED is defined: then the model's
// own invoke() and output() are renamed, and the ones below stand in front of them.
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "Arduino.h"
#if defined(ARDUINO_ARCH_ESP32)
#include "ESP_I2S.h"
#else
#include "PDM.h"
#endif
#if defined(COMPILED)
#include "model.h"
#else
#include "tensorflow/lite/micro/micro_interpreter.h"
#endif

void setup();
void loop();

namespace {

constexpr size_t kBlock = 256;  // samples per interrupt

std::map<std::string, std::string> options;
std::vector<int16_t> recording;
size_t played = 0;
int sampleRate = 16000;

size_t number(const char* key, size_t otherwise) {
  return options.count(key) ? std::stoul(options[key]) : otherwise;
}

std::vector<char> contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

uint32_t now() {
  const uint64_t ms = number("start_ms", 0) + uint64_t{played} * 1000 / uint64_t(sampleRate);
  return static_cast<uint32_t>(ms);
}

[[noreturn]] void finish(int code) {
  std::fflush(stdout);
  std::_Exit(code);  // the microphone's thread never ends
}

void deliver(const int16_t* samples);  // to the microphone driver

// Lets one block of the recording play.
void playBlock() {
  int16_t block[kBlock] = {};
  const size_t rest = recording.size() - played;
  const size_t count = rest < kBlock ? rest : kBlock;
  std::memcpy(block, recording.data() + played, count * sizeof(int16_t));
  played += kBlock;
  deliver(block);
}

bool playing() { return played < recording.size(); }

void pass(size_t ms) {
  const size_t until = played + ms * static_cast<size_t>(sampleRate) / 1000;
  while (played < until && playing()) playBlock();
}

}  // namespace

// ---- core ----

SerialClass Serial;

uint32_t millis() { return now(); }
void delay(unsigned long ms) {
  static int calls = 0;
  pass(ms);
  if (++calls == 2) finish(0);  // only a sketch that has stopped for good waits
}
void pinMode(uint8_t, PinMode) {}
void digitalWrite(uint8_t pin, PinStatus level) {
  static std::ofstream log(options["leds"]);
  static std::map<int, int> levels;
  if (levels.count(pin) && levels[pin] == int{level}) return;
  levels[pin] = level;
  log << now() << ' ' << int{pin} << ' ' << int{level} << '\n' << std::flush;
}
void SerialClass::begin(unsigned long) {}
void SerialClass::print(char c) { std::putchar(c); }
void SerialClass::print(const char* text) { std::fputs(text, stdout); }
void SerialClass::print(unsigned int value) { std::printf("%u", value); }
void SerialClass::print(unsigned long value) { std::printf("%lu", value); }
void SerialClass::println() { std::putchar('\n'); }
void SerialClass::println(const char* text) { std::puts(text); }

// ---- microphone ----

#if defined(ARDUINO_ARCH_ESP32)
namespace {

// The driver reads in a task of its own. The two take turns, so that runs are the same.
std::mutex mutex;
std::condition_variable turn;
const int16_t* waiting = nullptr;  // a block for the task
bool taskIdle = false;             // the task is waiting for a block
bool taskStarted = false;

void deliver(const int16_t* samples) {
  if (!taskStarted) return;
  std::unique_lock<std::mutex> lock(mutex);
  turn.wait(lock, [] { return taskIdle; });
  waiting = samples;
  taskIdle = false;
  turn.notify_all();
  turn.wait(lock, [] { return taskIdle; });
}

}  // namespace

void I2SClass::setPinsPdmRx(int8_t, int8_t) {}
bool I2SClass::begin(i2s_mode_t, uint32_t rate, i2s_data_bit_width_t, i2s_slot_mode_t) {
  sampleRate = static_cast<int>(rate);
  return number("microphone", 1) != 0;
}
size_t I2SClass::readBytes(char* buffer, size_t bytes) {
  std::unique_lock<std::mutex> lock(mutex);
  taskIdle = true;
  turn.notify_all();
  turn.wait(lock, [] { return waiting != nullptr; });
  if (bytes != kBlock * sizeof(int16_t)) std::abort();
  std::memcpy(buffer, waiting, bytes);
  waiting = nullptr;
  return bytes;
}
int xTaskCreatePinnedToCore(void (*task)(void*), const char*, uint32_t, void* argument, unsigned,
                            void**, int) {
  taskStarted = true;
  std::thread(task, argument).detach();
  return pdPASS;
}
#else
namespace {

void (*callback)() = nullptr;
const int16_t* unread = nullptr;
#if defined(ARDUINO_NICLA_VISION)
constexpr int kLeastBuffer = 1024;  // begin() makes a smaller one anew, and writes to the old one
#else
constexpr int kLeastBuffer = 512;
#endif
int bufferSize = 512;  // bytes

void deliver(const int16_t* samples) {
  if (callback == nullptr) return;  // not started
  unread = samples;
  callback();
  if (unread != nullptr) std::abort();  // the real library stops when something is left unread
}

}  // namespace

PDMClass PDM;

int PDMClass::begin(int channels, int rate) {
  if (bufferSize < kLeastBuffer) std::abort();
  sampleRate = rate;
  return channels == 1 && number("microphone", 1) != 0;
}
void PDMClass::setBufferSize(int bytes) { bufferSize = bytes; }
void PDMClass::onReceive(void (*newCallback)()) { callback = newCallback; }
int PDMClass::read(void* buffer, size_t bytes) {
  if (unread == nullptr) return 0;
  if (bytes < kBlock * sizeof(int16_t)) std::abort();
  std::memcpy(buffer, unread, kBlock * sizeof(int16_t));
  unread = nullptr;
  return kBlock * sizeof(int16_t);
}
#endif

// ---- model ----

namespace {

// Notes what the model was given.
void noteInput(const int8_t* input) {
  static std::ofstream file(options["inputs"], std::ios::binary);
  file.write(reinterpret_cast<const char*>(input),
             static_cast<std::streamsize>(number("input_size", 0)));
  file.flush();
}

// Puts the next scores into `output`, which holds the model's own; the microphone goes on meanwhile.
void answer(int8_t* output) {
  static const std::vector<char> scores = contents(options["scores"]);
  static std::ofstream file(options["outputs"], std::ios::binary);
  static size_t next = 0;
  const size_t labels = number("labels", 0);
  if (!scores.empty()) std::memset(output, -128, labels);
  if (next + labels <= scores.size()) std::memcpy(output, &scores[next], labels);
  next += labels;
  file.write(reinterpret_cast<const char*>(output), static_cast<std::streamsize>(labels));
  file.flush();
  pass(number("invoke_ms", 0));
}

}  // namespace

#if defined(COMPILED)
namespace model {

bool compiledInvoke();
const int8_t* compiledOutput();

namespace {
int8_t answered[kLabels];
}

bool invoke() {
  noteInput(input());
  const bool fine = compiledInvoke();
  std::memcpy(answered, compiledOutput(), sizeof(answered));
  answer(answered);
  return fine;
}

const int8_t* output() { return answered; }

}  // namespace model
#else
namespace tflite {

MicroInterpreter::MicroInterpreter(const Model* model, const MicroOpResolver& resolver,
                                   uint8_t* arena, size_t arenaBytes)
    : model_(model), resolver_(resolver), arena_(arena), arenaBytes_(arenaBytes) {}

TfLiteStatus MicroInterpreter::AllocateTensors() {
  if (reinterpret_cast<uintptr_t>(arena_) % 16 || reinterpret_cast<uintptr_t>(model_) % 16) {
    std::abort();
  }
  std::ofstream(options["network"], std::ios::binary)
      .write(reinterpret_cast<const char*>(model_),
             static_cast<std::streamsize>(number("network_size", 0)));
  input_.data.int8 = reinterpret_cast<int8_t*>(arena_);
  output_.data.int8 = input_.data.int8 + number("input_size", 0);
  const bool enough = arenaBytes_ >= number("need_arena", 0);
  return resolver_.complete() && enough ? kTfLiteOk : kTfLiteError;
}

TfLiteStatus MicroInterpreter::Invoke() {
  noteInput(input_.data.int8);
  std::memset(output_.data.int8, -128, number("labels", 0));
  answer(output_.data.int8);
  return kTfLiteOk;
}

TfLiteTensor* MicroInterpreter::input(size_t) { return &input_; }
TfLiteTensor* MicroInterpreter::output(size_t) { return &output_; }

}  // namespace tflite
#endif

int main(int count, char** arguments) {
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    const size_t equals = argument.find('=');
    options[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  const std::vector<char> bytes = contents(options["recording"]);
  recording.resize(bytes.size() / sizeof(int16_t));
  std::memcpy(recording.data(), bytes.data(), recording.size() * sizeof(int16_t));

  setup();
  while (playing()) {
    playBlock();
    loop();
  }
  finish(0);
}
