// The inner loops for the DSP instructions of Cortex-M4 and M7, in assembly. DepthwisePortable.cpp
// says in C++ what they compute; ConvCortexM4.cpp what the instructions do. And
//
//     SMLABB sum, a, b, sum      sum += a.low * b.low        SMLATT: the high halves of both
#include "Arithmetic.h"

#if TINYKIT_CORTEX_M4

#include <stddef.h>

#include "DepthwiseInner.h"

namespace tinykit {
namespace nn {

// The assembly reads these structures.
static_assert(offsetof(Taps, end) == 44, "twelve words, in this order");
static_assert(offsetof(Strip, rectified) == 48, "thirteen words, in this order");
static_assert(offsetof(Plane, rectified) == 40, "eleven words, in this order");

// ---- Four channels at a time, tap by tap.
//
// r0 weights   r1 list of taps   r2 in, at the first of the four channels   r3 r4 a word of x
// r5-r8 weights of two taps   r9 x, widened   r10 r11 r12 lr sums
//
// 8 multiplications for 16 instructions. Sixteen taps are unrolled; where there are fewer, or their
// number is not a multiple of that, the first pass starts further down.
asm(R"(
  .macro tapMultiply x, w02, w13
  sxtb16  r9, \x
  sxtb16  \x, \x, ror #8
  smlabb  r10, r9, \w02, r10
  smlatt  r12, r9, \w02, r12
  smlabb  r11, \x, \w13, r11
  smlatt  lr, \x, \w13, lr
  .endm

  .macro tapsEnd rounded, steps   @ the four outputs
  ldm     r0!, {r1, r3-r9}        @ multipliers, factors
  smmlar  r10, r10, r1, r10
  smmlar  r11, r11, r3, r11
  smmlar  r12, r12, r4, r12
  smmlar  lr, lr, r5, lr
  ldrd    r1, r3, [sp, #0]        @ out, zero point
  .if \rounded                    @ halves are rounded away from zero
  add     r10, r10, r10, asr #31
  add     r11, r11, r11, asr #31
  add     r12, r12, r12, asr #31
  add     lr, lr, lr, asr #31
  .endif
  smmlsr  r10, r10, r6, r3
  smmlsr  r11, r11, r7, r3
  smmlsr  r12, r12, r8, r3
  smmlsr  lr, lr, r9, r3
  ssat    r10, #8, r10
  ssat    r11, #8, r11
  ssat    r12, #8, r12
  ssat    lr, #8, lr
  .if \steps
  ldr     r4, [sp, #52]
  strb    r10, [r1]
  strb    r11, [r1, r4]
  add     r1, r1, r4, lsl #1
  strb    r12, [r1]
  strb    lr, [r1, r4]
  add     r1, r1, r4, lsl #1
  .else
  strb    r10, [r1], #1
  strb    r11, [r1], #1
  strb    r12, [r1], #1
  strb    lr, [r1], #1
  .endif
  str     r1, [sp, #0]
  adds    r2, #4
  ldr     r3, [sp, #20]
  cmp     r2, r3
  bne.w   1b
  .endm

  .pushsection .text.tinykitTaps, "ax", %progbits
  .syntax unified
  .thumb
  .balign 4
  .global tinykitTaps
  .thumb_func
  .type tinykitTaps, %function
tinykitTaps:
  push    {r4-r11, lr}
  sub     sp, #60
  ldm     r0!, {r1-r7}            @ weights in taps out count pixels groups
  ldm     r0, {r8-r12}            @ inStep outStep outChannelStep zeroPoint end
  strd    r4, r11, [sp, #0]       @ out, zero point
  strd    r1, r6, [sp, #32]       @ weights, pixels left
  lsl     r7, r7, #2
  add     r0, r2, r7
  str     r0, [sp, #20]           @ in, behind the channels of this pixel
  sub     r0, r8, r7
  strd    r0, r8, [sp, #40]       @ from there to the next pixel, from pixel to pixel
  mul     r0, r7, r10
  sub     r0, r9, r0
  strd    r0, r10, [sp, #48]      @ the same in the output, from channel to channel
  add     r0, r3, r5, lsl #2
  str     r0, [sp, #28]           @ end of the list
  adr.w   r4, 4f
  cmp     r10, #1
  bne     2f
  adr.w   r4, 5f
  cmp     r12, #1
  blt     2f
  adr.w   r4, 6f
  beq     2f
  adr.w   r4, 7f
2:
  orr     r4, r4, #1
  str     r4, [sp, #24]           @ what is done with the sums
  lsrs    r6, r5, #1              @ pairs of taps
  rsb     r7, r6, #0
  and     r7, r7, #7              @ pairs that the first pass leaves out
  it      eq
  moveq   r7, #8
  cmp     r6, #8
  ble     2f
  adr.w   r4, 8f
  orr     r4, r4, #1
2:
  str     r4, [sp, #16]           @ what comes after a pass
  adr.w   r8, 3f
  add     r8, r8, r7, lsl #6      @ 64 bytes of code a pair
  orr     r8, r8, #1
  str     r8, [sp, #56]
  lsls    r5, r5, #31
  beq     2f
  adr.w   r8, 9f
  orr     r8, r8, #1
2:
  strd    r3, r8, [sp, #8]        @ list, entry
  mov     r0, r1

1:
  ldm     r0!, {r10-r12, lr}      @ the biases
  ldrd    r1, r3, [sp, #8]
  bx      r3

  .balign 4
9:                                @ an odd tap
  ldr     r3, [r1], #4
  ldrd    r5, r6, [r0], #8
  ldr     r3, [r2, r3]
  tapMultiply r3, r5, r6
  ldr     pc, [sp, #56]

  .balign 4
3:
  .rept 8
  ldrd    r3, r4, [r1], #8
  ldmia.w r0!, {r5-r8}
  ldr.w   r3, [r2, r3]
  ldr.w   r4, [r2, r4]
  tapMultiply r3, r5, r6
  tapMultiply r4, r7, r8
  .endr
  ldr     pc, [sp, #16]

  .balign 4
8:                                @ more than sixteen taps
  ldr     r3, [sp, #28]
  cmp     r1, r3
  bne.w   3b
  ldr     pc, [sp, #24]

  .balign 4
4:
  tapsEnd 1, 1
  b       2f
  .balign 4
7:                                @ the sums as they are
  ldr     r1, [sp, #0]
  stm     r1!, {r10-r12, lr}
  str     r1, [sp, #0]
  adds    r0, #32
  adds    r2, #4
  ldr     r3, [sp, #20]
  cmp     r2, r3
  bne.w   1b
  b       2f
  .balign 4
5:
  tapsEnd 1, 0
  b       2f
  .balign 4
6:
  tapsEnd 0, 0
2:                                @ the next pixel
  ldrd    r0, r5, [sp, #32]
  subs    r5, r5, #1
  beq     2f
  str     r5, [sp, #36]
  ldrd    r6, r7, [sp, #40]
  add     r2, r2, r6
  add     r3, r3, r7
  str     r3, [sp, #20]
  ldr     r6, [sp, #48]
  add     r1, r1, r6
  str     r1, [sp, #0]
  b.w     1b
2:
  add     sp, #60
  pop     {r4-r11, pc}
  .size tinykitTaps, . - tinykitTaps
  .popsection
)");

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

// ---- One channel times a filter of any size, four outputs at a time.
//
// r0 x   r1 weights   r2 rows of the filter left   r3-r6 x and weights   r8 to the next row of x
// r9-r12 sums   lr how halves are rounded
//
// 8 multiplications for 6 instructions. Eight pairs are unrolled; where there are fewer, a row starts
// further down.
asm(R"(
  .macro stripPair1               @ outputs at columns 0 1 2 3 of x0 x1 | x2 x3
  ldrd    r3, r4, [r0], #4
  ldrd    r5, r6, [r1], #8
  smlad   r9, r3, r5, r9
  smlad   r10, r3, r6, r10
  smlad   r11, r4, r5, r11
  smlad   r12, r4, r6, r12
  .endm

  .macro stripPair2               @ outputs at columns 0 2 4 6
  ldm     r0, {r3-r6}
  ldr.w   r7, [r1], #4
  add.w   r0, r0, #4
  smlad   r9, r3, r7, r9
  smlad   r10, r4, r7, r10
  smlad   r11, r5, r7, r11
  smlad   r12, r6, r7, r12
  .endm

  .macro strip name, pair, pairCode, stride
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
  ldm     r0!, {r1-r9}            @ weights x filterRows pairs filterRowBytes rowAdvance out
                                  @ outColumnStep outRowStep
  ldm     r0, {r0, r10-r12}       @ outColumns outRows zeroPoint rectified
  strd    r2, r1, [sp, #0]        @ x, weights
  str     r3, [sp, #8]            @ rows of the filter
  strd    r7, r8, [sp, #12]       @ out, outColumnStep
  strd    r0, r11, [sp, #20]      @ columns left, zero point
  str     r2, [sp, #32]           @ x of this row
  strd    r6, r7, [sp, #36]       @ rowAdvance, out of this row
  strd    r9, r0, [sp, #44]       @ outRowStep, outColumns
  str     r10, [sp, #52]          @ rows left
  sub     r8, r5, r4, lsl #2
  rsb     r4, r4, #8
  movs    r3, #\pairCode
  adr.w   r5, 3f
  mla     r5, r4, r3, r5
  orr     r5, r5, #1
  str     r5, [sp, #28]           @ entry
  adr.w   lr, 4f
  cmp     r12, #0
  beq     1f
  adr.w   lr, 5f
1:
  orr     lr, lr, #1

1:                                @ four outputs
  ldm     sp, {r0-r2}
  ldm     r1!, {r9-r12}
2:                                @ a row of the filter
  ldr     pc, [sp, #28]
  .balign 4
3:
  .rept 8
  \pair
  .endr
  add     r0, r0, r8
  subs    r2, #1
  bne.w   2b

  ldrd    r3, r4, [r1]            @ multiplier, factor
  ldrd    r2, r5, [sp, #20]       @ columns left, zero point
  smmlar  r9, r9, r3, r9
  smmlar  r10, r10, r3, r10
  smmlar  r11, r11, r3, r11
  smmlar  r12, r12, r3, r12
  bx      lr
  .balign 4
4:
  add     r9, r9, r9, asr #31     @ halves are rounded away from zero
  add     r10, r10, r10, asr #31
  add     r11, r11, r11, asr #31
  add     r12, r12, r12, asr #31
  .balign 4
5:
  smmlsr  r9, r9, r4, r5
  smmlsr  r10, r10, r4, r5
  smmlsr  r11, r11, r4, r5
  smmlsr  r12, r12, r4, r5
  ssat    r9, #8, r9
  ssat    r10, #8, r10
  ssat    r11, #8, r11
  ssat    r12, #8, r12
  ldrd    r5, r6, [sp, #12]       @ out, outColumnStep
  subs    r2, #4
  ble     6f
  strb    r9, [r5]
  strb    r10, [r5, r6]
  add     r5, r5, r6, lsl #1
  strb    r11, [r5]
  strb    r12, [r5, r6]
  add     r5, r5, r6, lsl #1
  ldr     r0, [sp, #0]
  strd    r5, r6, [sp, #12]
  add     r0, r0, #8 * \stride
  str     r2, [sp, #20]
  str     r0, [sp, #0]
  b.w     1b

6:                                @ the last outputs of a row: 1 to 4
  strb    r9, [r5]
  adds    r2, #3
  it      gt
  strbgt  r10, [r5, r6]
  add     r5, r5, r6, lsl #1
  cmp     r2, #2
  blt     7f
  strb    r11, [r5]
  it      gt
  strbgt  r12, [r5, r6]
7:
  ldrd    r0, r1, [sp, #32]       @ x of this row, rowAdvance
  ldrd    r2, r3, [sp, #40]       @ out of this row, outRowStep
  ldrd    r4, r5, [sp, #48]       @ outColumns, rows left
  add     r0, r0, r1
  add     r2, r2, r3
  subs    r5, #1
  beq     8f
  str     r0, [sp, #0]
  str     r0, [sp, #32]
  str     r2, [sp, #12]
  str     r2, [sp, #40]
  str     r4, [sp, #20]
  str     r5, [sp, #52]
  b.w     1b
8:
  add     sp, #60
  pop     {r4-r11, pc}
  .size \name, . - \name
  .popsection
  .endm

  strip tinykitStrip1, stripPair1, 24, 1
  strip tinykitStrip2, stripPair2, 28, 2
)");

}  // namespace nn
}  // namespace tinykit

#endif
