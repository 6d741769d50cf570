// The inner loops for the DSP instructions of Cortex-M4 and M7, in assembly: they need all of the
// processor's 14 registers, which no compiler leaves to a loop. ConvPortable.cpp says in C++ what
// they compute, packing.py how the weights are packed.
//
//     SMLAD  sum, a, b, sum      sum += a.low * b.low + a.high * b.high   (16-bit halves)
//     SXTB16 a, b                a = bytes 0 and 2 of b, widened; with ROR #8: bytes 1 and 3
//     SMMLAR a, b, c, d          a = d + round(b * c / 2^32)
//     SMMLSR a, b, c, d          a = d + round(-b * c / 2^32)
//     SSAT   a, #8, a            a = a cut off at -128 and 127
#include "Arithmetic.h"

#if TINYKIT_CORTEX_M4

#include <stddef.h>

#include "ConvInner.h"

namespace tinykit {
namespace nn {

// The assembly reads these structures.
static_assert(offsetof(Plane, rectified) == 40, "eleven words, in this order");

// ---- One channel, widened. r0 from   r1 step   r2 count   r3 to
asm(R"(
  .pushsection .text.tinykitWidenStrided, "ax", %progbits
  .syntax unified
  .thumb
  .balign 4
  .global tinykitWidenStrided
  .thumb_func
  .type tinykitWidenStrided, %function
tinykitWidenStrided:
  push    {r4-r7, lr}
  subs    r2, #4
  blt     2f
1:
  ldrsb   r4, [r0]
  ldrsb   r5, [r0, r1]
  add     r0, r0, r1, lsl #1
  ldrsb   r6, [r0]
  ldrsb   r7, [r0, r1]
  add     r0, r0, r1, lsl #1
  strh    r4, [r3], #2
  strh    r5, [r3], #2
  strh    r6, [r3], #2
  strh    r7, [r3], #2
  subs    r2, #4
  bge     1b
2:
  adds    r2, #4
  beq     4f
3:
  ldrsb   r4, [r0]
  add     r0, r1
  strh    r4, [r3], #2
  subs    r2, #1
  bne     3b
4:
  pop     {r4-r7, pc}
  .size tinykitWidenStrided, . - tinykitWidenStrided
  .popsection
)");

// ---- One channel times a filter of 3x3, two outputs at a time.
//
// r0 r1 r2 three rows of x   r3 r5 r7 weights 0 and 1 of each row   r4 r6 r8 weights 1 and 2
// r9 r10 x   r11 r12 sums   lr out
asm(R"(
  .macro planeRow1 p, w01, w12    @ outputs at columns 0 and 1 of x0 x1 x2 x3
  ldrd    r9, r10, [\p], #4
  smlad   r11, r9, \w01, r11
  smlabt  r11, r10, \w12, r11
  smlatb  r12, r9, \w01, r12
  smlad   r12, r10, \w12, r12
  .endm

  .macro planeRow2 p, w01, w12    @ outputs at columns 0 and 2 of x0 x1 x2 x3 x4
  ldrd    r9, r10, [\p], #8
  smlad   r11, r9, \w01, r11
  smlabt  r11, r10, \w12, r11
  ldr     r9, [\p]
  smlad   r12, r10, \w01, r12
  smlabt  r12, r9, \w12, r12
  .endm

  .macro planeOutputs planeRow    @ the two outputs, in r11 and r12; r9 = bytes between them
  ldr     r11, [sp, #0]           @ bias
  mov     r12, r11
  \planeRow r0, r3, r4
  \planeRow r1, r5, r6
  \planeRow r2, r7, r8
  ldrd    r9, r10, [sp, #4]       @ multiplier, factor
  smmlar  r11, r11, r9, r11
  smmlar  r12, r12, r9, r12
  ldr     r9, [sp, #12]           @ zero point
  add     r11, r11, r11, asr #31  @ halves are rounded away from zero
  add     r12, r12, r12, asr #31
  smmlsr  r11, r11, r10, r9
  smmlsr  r12, r12, r10, r9
  ldr     r9, [sp, #16]           @ outColumnStep
  ssat    r11, #8, r11
  ssat    r12, #8, r12
  .endm

  .macro planeWeights word, w01, w12
  sxtb16  r9, \word
  sxtb16  r10, \word, ror #8
  pkhbt   \w01, r9, r10, lsl #16
  pkhbt   \w12, r10, r9
  .endm

  .macro plane name, planeRow, stride
  .pushsection .text.\name, "ax", %progbits
  .syntax unified
  .thumb
  .balign 4
  .global \name
  .thumb_func
  .type \name, %function
\name:
  push    {r4-r11, lr}
  sub     sp, #60
  ldm     r0, {r1-r10}            @ weights x out rowBytes rowAdvance outRowStep outColumnStep
                                  @ outRows outColumns zeroPoint
  str     r10, [sp, #12]
  str     r7, [sp, #16]
  strd    r2, r4, [sp, #20]       @ x, rowBytes
  strd    r3, r8, [sp, #28]       @ out, rows left
  strd    r5, r6, [sp, #36]       @ rowAdvance, outRowStep
  lsr     r10, r9, #1
  and     r9, r9, #1
  .ifeq \stride - 1
  lsl     r10, r10, #2            @ bytes of x for the pairs of outputs in a row
  .else
  lsl     r10, r10, #3
  .endif
  strd    r9, r10, [sp, #44]      @ one more output?, bytes
  ldm     r1, {r2, r3, r4, r5, r7, r11}
  str     r2, [sp, #0]            @ bias
  strd    r3, r4, [sp, #4]        @ multiplier, factor
  planeWeights r5, r3, r4
  planeWeights r7, r5, r6
  planeWeights r11, r7, r8

1:
  ldrd    r0, r9, [sp, #20]       @ x, rowBytes
  ldr     r10, [sp, #48]
  add     r1, r0, r9
  add     r2, r1, r9
  add     r10, r10, r0
  str     r10, [sp, #52]          @ where the pairs of outputs end
  ldr     lr, [sp, #28]
  cmp     r0, r10
  beq.w   3f
2:
  planeOutputs \planeRow
  strb    r11, [lr]
  strb    r12, [lr, r9]
  add     lr, lr, r9, lsl #1
  ldr     r10, [sp, #52]
  cmp     r0, r10
  bne.w   2b
3:
  ldr     r9, [sp, #44]
  cmp     r9, #0
  beq     4f
  planeOutputs \planeRow
  strb    r11, [lr]
4:
  ldrd    r9, r10, [sp, #36]      @ rowAdvance, outRowStep
  ldr     r0, [sp, #20]
  ldrd    r11, r12, [sp, #28]     @ out, rows left
  add     r0, r0, r9
  add     r11, r11, r10
  str     r0, [sp, #20]
  subs    r12, r12, #1
  strd    r11, r12, [sp, #28]
  bne.w   1b

  add     sp, #60
  pop     {r4-r11, pc}
  .size \name, . - \name
  .popsection
  .endm

  plane tinykitConvolvePlane1, planeRow1, 1
  plane tinykitConvolvePlane2, planeRow2, 2
)");

}  // namespace nn
}  // namespace tinykit

#endif
