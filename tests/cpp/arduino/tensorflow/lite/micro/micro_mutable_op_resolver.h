// Stand-in: the names of the real class's methods, and how many ops were added.
#pragma once

#include <stdlib.h>

#include "tensorflow/lite/micro/micro_interpreter.h"

namespace tflite {

template <unsigned kOps>
class MicroMutableOpResolver : public MicroOpResolver {
 public:
  bool complete() const override { return added_ == kOps; }

  TfLiteStatus AddAdd() { return add(); }
  TfLiteStatus AddAveragePool2D() { return add(); }
  TfLiteStatus AddConcatenation() { return add(); }
  TfLiteStatus AddConv2D() { return add(); }
  TfLiteStatus AddDepthwiseConv2D() { return add(); }
  TfLiteStatus AddDequantize() { return add(); }
  TfLiteStatus AddExpandDims() { return add(); }
  TfLiteStatus AddFullyConnected() { return add(); }
  TfLiteStatus AddHardSwish() { return add(); }
  TfLiteStatus AddLeakyRelu() { return add(); }
  TfLiteStatus AddLogistic() { return add(); }
  TfLiteStatus AddMaxPool2D() { return add(); }
  TfLiteStatus AddMaximum() { return add(); }
  TfLiteStatus AddMean() { return add(); }
  TfLiteStatus AddMinimum() { return add(); }
  TfLiteStatus AddMul() { return add(); }
  TfLiteStatus AddPack() { return add(); }
  TfLiteStatus AddPad() { return add(); }
  TfLiteStatus AddPadV2() { return add(); }
  TfLiteStatus AddPrelu() { return add(); }
  TfLiteStatus AddQuantize() { return add(); }
  TfLiteStatus AddRelu() { return add(); }
  TfLiteStatus AddRelu6() { return add(); }
  TfLiteStatus AddReshape() { return add(); }
  TfLiteStatus AddShape() { return add(); }
  TfLiteStatus AddSlice() { return add(); }
  TfLiteStatus AddSoftmax() { return add(); }
  TfLiteStatus AddSplit() { return add(); }
  TfLiteStatus AddSqueeze() { return add(); }
  TfLiteStatus AddStridedSlice() { return add(); }
  TfLiteStatus AddSub() { return add(); }
  TfLiteStatus AddSum() { return add(); }
  TfLiteStatus AddTanh() { return add(); }
  TfLiteStatus AddTranspose() { return add(); }
  TfLiteStatus AddTransposeConv() { return add(); }
  TfLiteStatus AddUnpack() { return add(); }

 private:
  TfLiteStatus add() {
    if (added_ == kOps) abort();  // the real one refuses, too
    ++added_;
    return kTfLiteOk;
  }

  unsigned added_ = 0;
};

}  // namespace tflite
