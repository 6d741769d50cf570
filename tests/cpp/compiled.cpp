// Runs a generated model on the host: as a library for tests/compiled_build.py, or as a program
// (COMPILED_MAIN) that reads inputs from stdin and writes outputs to stdout.

#include "model.cpp"  // the model under test: its folder is on the include path

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#define EXPORTED extern "C" __declspec(dllexport)
#else
#define EXPORTED extern "C"
#endif

// Only a model with several inputs has input(i), only one with several outputs output(i).
template <typename Index>
auto inputAt(Index i, int) -> decltype(model::input(i)) {
  return model::input(i);
}
template <typename Index>
int8_t* inputAt(Index, long) {
  return model::input();
}
template <typename Index>
auto outputAt(Index i, int) -> decltype(model::output(i)) {
  return model::output(i);
}
template <typename Index>
const int8_t* outputAt(Index, long) {
  return model::output();
}

// Outputs of `count` inputs, one after the other; returns how many inferences went well. `sizes`
// are those of the inputs, then those of the outputs; the bytes of several lie side by side.
EXPORTED int run(const signed char* inputs, int count, signed char* outputs, const int* sizes,
                 int nInputs, int nOutputs) {
  if (model::init() != nullptr) return -1;
  for (int step = 0; step < count; ++step) {
    for (int i = 0; i < nInputs; inputs += sizes[i++]) {
      memcpy(inputAt(i, 0), inputs, static_cast<size_t>(sizes[i]));
    }
    if (!model::invoke()) return step;
    for (int i = 0; i < nOutputs; outputs += sizes[nInputs + i++]) {
      memcpy(outputs, outputAt(i, 0), static_cast<size_t>(sizes[nInputs + i]));
    }
  }
  return count;
}

#ifdef COMPILED_MAIN
// Arguments: how many steps, how many inputs, then all sizes.
int main(int argc, char** argv) {
  const int count = atoi(argv[1]), nInputs = atoi(argv[2]);
  int* const sizes = new int[static_cast<size_t>(argc)];
  int in = 0, out = 0;
  for (int i = 3; i < argc; ++i) {
    sizes[i - 3] = atoi(argv[i]);
    (i - 3 < nInputs ? in : out) += sizes[i - 3];
  }
  const size_t inBytes = static_cast<size_t>(in) * static_cast<size_t>(count);
  const size_t outBytes = static_cast<size_t>(out) * static_cast<size_t>(count);
  signed char* const inputs = new signed char[inBytes];
  signed char* const outputs = new signed char[outBytes];
  const bool well = fread(inputs, 1, inBytes, stdin) == inBytes &&
                    run(inputs, count, outputs, sizes, nInputs, argc - 3 - nInputs) == count &&
                    fwrite(outputs, 1, outBytes, stdout) == outBytes;
  delete[] sizes;
  delete[] inputs;
  delete[] outputs;
  return well ? 0 : 1;
}
#endif
