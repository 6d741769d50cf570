// Runs a generated model on the host: as a library for tests/compiled_build.py, or as a program
// (COMPILED_MAIN) that reads inputs from stdin and writes outputs to stdout.

#include "model.cpp"  // the model under test: its folder is on the include path

#include <stdio.h>
#include <string.h>

#ifdef _WIN32
#define EXPORTED extern "C" __declspec(dllexport)
#else
#define EXPORTED extern "C"
#endif

// Outputs of `count` inputs, one after the other; returns how many inferences went well.
EXPORTED int run(const signed char* inputs, int count, signed char* outputs) {
  if (model::init() != nullptr) return -1;
  for (int i = 0; i < count; ++i) {
    memcpy(model::input(), inputs + i * model::kInputSize, model::kInputSize);
    if (!model::invoke()) return i;
    memcpy(outputs + i * model::kOutputSize, model::output(), model::kOutputSize);
  }
  return count;
}

#ifdef COMPILED_MAIN
int main() {
  static signed char input[model::kInputSize], output[model::kOutputSize];
  while (fread(input, 1, sizeof input, stdin) == sizeof input) {
    if (run(input, 1, output) != 1) return 1;
    fwrite(output, 1, sizeof output, stdout);
  }
  return 0;
}
#endif
