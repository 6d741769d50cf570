#include "Conv.h"

#include "ConvInner.h"

namespace tinykit {
namespace nn {
namespace {

int roundUp(int number, int multiple) { return (number + multiple - 1) / multiple * multiple; }

int smaller(int a, int b) { return a < b ? a : b; }

}  // namespace

void depthwise3x3(const Depthwise& p, const uint32_t* weights, const int8_t* in, int8_t* out,
                  int8_t* scratch) {
  // Two outputs are computed at a time, and words are read, hence the rounding.
  const int rowLength = (roundUp(p.outColumns, 2) - 1) * p.columnStride + 4;
  const int planeRows = (p.outRows - 1) * p.rowStride + 3;
  int16_t* x = reinterpret_cast<int16_t*>(scratch);
  for (int i = 0; i < planeRows * roundUp(rowLength, 2); ++i) x[i] = p.inZeroPoint;
  const int rowBytes = roundUp(rowLength, 2) * 2;
  const int rows = smaller(p.inRows, planeRows - p.padRows);
  const int columns = smaller(p.inColumns, rowLength - p.padColumns);
  int16_t* const middle = x + p.padRows * (rowBytes / 2) + p.padColumns;
  Plane plane = {weights,
                 x,
                 out,
                 rowBytes,
                 rowBytes * p.rowStride,
                 p.outRowStep,
                 p.outColumnStep,
                 p.outRows,
                 p.outColumns,
                 p.output.zeroPoint,
                 p.output.rectified};
  for (int channel = 0; channel < p.channels; ++channel) {
    for (int row = 0; row < rows; ++row) {
      tinykitWidenStrided(in + channel + row * p.inRowStep, p.inColumnStep, columns,
                          middle + row * (rowBytes / 2));
    }
    if (p.columnStride == 1) {
      tinykitConvolvePlane1(&plane);
    } else {
      tinykitConvolvePlane2(&plane);
    }
    ++plane.out;
    plane.weights += 6;
  }
  cutOff(p.output.min, p.output.max, out, p.outRows * p.outColumns * p.channels);
}

}  // namespace nn
}  // namespace tinykit
