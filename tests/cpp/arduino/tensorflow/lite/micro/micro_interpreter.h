// Stand-in for TFLM's interpreter: it records each input and answers with scores made beforehand.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tensorflow/lite/schema/schema_generated.h"

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };

struct TfLiteTensor {
  union {
    int8_t* int8;
  } data;
};

namespace tflite {

class MicroOpResolver {
 public:
  virtual bool complete() const = 0;  // exactly as many ops as were announced

 protected:
  ~MicroOpResolver() = default;
};

class MicroInterpreter {
 public:
  MicroInterpreter(const Model* model, const MicroOpResolver& resolver, uint8_t* arena,
                   size_t arenaBytes);
  TfLiteStatus AllocateTensors();
  TfLiteStatus Invoke();
  TfLiteTensor* input(size_t index);
  TfLiteTensor* output(size_t index);

 private:
  const Model* model_;
  const MicroOpResolver& resolver_;
  uint8_t* arena_;
  size_t arenaBytes_;
  TfLiteTensor input_;
  TfLiteTensor output_;
};

}  // namespace tflite
