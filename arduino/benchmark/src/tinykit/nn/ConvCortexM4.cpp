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
static_assert(offsetof(Tile, rectified) == 28, "eight words, in this order");
static_assert(offsetof(Vector, rectified) == 24, "seven words, in this order");
static_assert(offsetof(Plane, rectified) == 40, "eleven words, in this order");

// ---- Four pixels times row pairs.
//
// r0 weights   r1 x   r2 a word of weights   r3 its low rows   r4 r5 two pixels of x
// r6 r7 r8 r9 sums of the low row for four pixels   r10 r11 r12 lr sums of both rows
//
// 16 multiplications for 12 instructions. Sixteen words are unrolled; where the number of words is
// not a multiple of that, the first pass starts further down.
asm(R"(
  .pushsection .text.tinykitMultiplyTile, "ax", %progbits
  .syntax unified
  .thumb
  .balign 4
  .global tinykitMultiplyTile
  .thumb_func
  .type tinykitMultiplyTile, %function

  .macro tileRequantize a, b, c, d, rectified
  ldrd    r2, r3, [r0], #8        @ multiplier, factor
  smmlar  \a, \a, r2, \a
  smmlar  \b, \b, r2, \b
  smmlar  \c, \c, r2, \c
  smmlar  \d, \d, r2, \d
  .ifeq \rectified                @ halves are rounded away from zero
  add     \a, \a, \a, asr #31
  add     \b, \b, \b, asr #31
  add     \c, \c, \c, asr #31
  add     \d, \d, \d, asr #31
  .endif
  smmlsr  \a, \a, r3, r4
  smmlsr  \b, \b, r3, r4
  smmlsr  \c, \c, r3, r4
  smmlsr  \d, \d, r3, r4
  ssat    \a, #8, \a
  ssat    \b, #8, \b
  ssat    \c, #8, \c
  ssat    \d, #8, \d
  .endm

tinykitMultiplyTile:
  push    {r4-r11, lr}
  sub     sp, #36
  ldm     r0, {r1-r8}             @ weights x out outStep rowPairs words zeroPoint rectified
  mov     r0, r1
  add     r9, r2, r6, lsl #4      @ end of x: 16 bytes a word
  rsb     r6, r6, #0
  and     r6, r6, #15             @ words that the first pass leaves out
  add     r6, r6, r6, lsl #1
  adr     r10, 2f
  add     r10, r10, r6, lsl #4    @ 48 bytes of code a word
  orr     r10, r10, #1
  strd    r2, r10, [sp, #0]       @ x, entry
  add     r5, r3, r5, lsl #1
  strd    r9, r5, [sp, #8]        @ end of x, end of out
  strd    r3, r7, [sp, #16]       @ out, zero point
  strd    r4, r8, [sp, #24]       @ outStep, rectified

1:
  ldrd    r6, r10, [r0], #8       @ the biases
  ldrd    r1, r2, [sp, #0]
  mov     r7, r6
  mov     r8, r6
  mov     r9, r6
  mov     r11, r10
  mov     r12, r10
  mov     lr, r10
  bx      r2

  .balign 4
2:
  .rept 16
  ldr.w   r2, [r0], #4
  ldrd    r4, r5, [r1], #8
  sxtb16  r3, r2
  smlad   r6, r3, r4, r6
  smlad   r7, r3, r5, r7
  smlad   r10, r2, r4, r10
  smlad   r11, r2, r5, r11
  ldrd    r4, r5, [r1], #8
  smlad   r8, r3, r4, r8
  smlad   r9, r3, r5, r9
  smlad   r12, r2, r4, r12
  smlad   lr, r2, r5, lr
  .endr
  ldr     r2, [sp, #8]
  cmp     r1, r2
  bne.w   2b

  sub     r10, r10, r6            @ 256 times the sum of the high row
  sub     r11, r11, r7
  sub     r12, r12, r8
  sub     lr, lr, r9
  asr     r10, r10, #8
  asr     r11, r11, #8
  asr     r12, r12, #8
  asr     lr, lr, #8
  ldrd    r1, r4, [sp, #16]       @ out, zero point
  ldr     r5, [sp, #28]
  cmp     r5, #0
  beq     3f
  tileRequantize r6, r7, r8, r9, 1
  tileRequantize r10, r11, r12, lr, 1
  b       4f
3:
  tileRequantize r6, r7, r8, r9, 0
  tileRequantize r10, r11, r12, lr, 0
4:
  ldrd    r5, r2, [sp, #8 + 16]   @ outStep
  add     r2, r5, r5, lsl #1
  strb    r6, [r1]
  strb    r7, [r1, r5]
  strb    r8, [r1, r5, lsl #1]
  strb    r9, [r1, r2]
  adds    r1, #1
  strb    r10, [r1]
  strb    r11, [r1, r5]
  strb    r12, [r1, r5, lsl #1]
  strb    lr, [r1, r2]
  adds    r1, #1
  str     r1, [sp, #16]
  ldr     r3, [sp, #12]
  cmp     r1, r3
  bne.w   1b

  add     sp, #36
  pop     {r4-r11, pc}
  .size tinykitMultiplyTile, . - tinykitMultiplyTile
  .popsection
)");

// ---- Four pixels, widened and interleaved.
//
// r0 pixels, then scratch   r1 bytes of this row left   r2 x   r3 r4 r5 r6 pixels
asm(R"(
  .pushsection .text.tinykitWidenTile, "ax", %progbits
  .syntax unified
  .thumb
  .balign 4
  .global tinykitWidenTile
  .thumb_func
  .type tinykitWidenTile, %function
tinykitWidenTile:
  push    {r4-r11, lr}
  sub     sp, #12
  sub     r3, r3, r1              @ from the end of a row to the next
  strd    r1, r2, [sp, #0]        @ count, rows
  str     r3, [sp, #8]
  ldr     r2, [sp, #12 + 36]
  ldm     r0, {r3-r6}
1:
  ldr     r7, [r3], #4
  ldr     r8, [r4], #4
  ldr     r9, [r5], #4
  ldr     r10, [r6], #4
  sxtb16  r0, r7
  sxtb16  r11, r8
  sxtb16  r12, r9
  sxtb16  lr, r10
  stm     r2!, {r0, r11, r12, lr}
  sxtb16  r7, r7, ror #8
  sxtb16  r8, r8, ror #8
  sxtb16  r9, r9, ror #8
  sxtb16  r10, r10, ror #8
  stm     r2!, {r7-r10}
  subs    r1, #4
  bgt     1b

  ldrd    r1, r7, [sp, #0]
  subs    r7, #1
  beq     2f
  str     r7, [sp, #4]
  ldr     r8, [sp, #8]
  add     r3, r8
  add     r4, r8
  add     r5, r8
  add     r6, r8
  b       1b
2:
  mov     r0, r2
  add     sp, #12
  pop     {r4-r11, pc}
  .size tinykitWidenTile, . - tinykitWidenTile
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

// ---- One vector times blocks of four rows.
//
// r0 weights   r1 x   r2 r3 words of the first row pair   r4 r5 of the second   r6 r7 x   r8 low
// r9 r11 sums of the low rows   r10 r12 of both   lr passes left
//
// 16 multiplications for 14 instructions, eight such quads unrolled.
asm(R"(
  .pushsection .text.tinykitMultiplyVector, "ax", %progbits
  .syntax unified
  .thumb
  .balign 4
  .global tinykitMultiplyVector
  .thumb_func
  .type tinykitMultiplyVector, %function
tinykitMultiplyVector:
  push    {r4-r11, lr}
  sub     sp, #28
  ldm     r0, {r1-r6}             @ weights x out blocks quads zeroPoint
  mov     r0, r1
  add     r7, r5, #7
  lsr     r7, r7, #3              @ passes
  rsb     r5, r5, #0
  and     r5, r5, #7              @ quads that the first pass leaves out
  rsb     r5, r5, r5, lsl #3
  adr     r8, 2f
  add     r8, r8, r5, lsl #3      @ 56 bytes of code a quad
  orr     r8, r8, #1
  strd    r2, r7, [sp, #0]        @ x, passes
  add     r4, r3, r4, lsl #2
  strd    r8, r4, [sp, #8]        @ entry, end of out
  strd    r3, r6, [sp, #16]       @ out, zero point

1:
  ldm     r0!, {r9-r12}           @ the biases
  ldrd    r1, lr, [sp, #0]
  ldr     r2, [sp, #8]
  bx      r2

  .balign 4
2:
  .rept 8
  ldmia.w r0!, {r2-r5}
  ldrd    r6, r7, [r1], #8
  sxtb16  r8, r2
  smlad   r9, r8, r6, r9
  smlad   r10, r2, r6, r10
  sxtb16  r8, r3
  smlad   r9, r8, r7, r9
  smlad   r10, r3, r7, r10
  sxtb16  r8, r4
  smlad   r11, r8, r6, r11
  smlad   r12, r4, r6, r12
  sxtb16  r8, r5
  smlad   r11, r8, r7, r11
  smlad   r12, r5, r7, r12
  .endr
  subs    lr, lr, #1
  bne.w   2b

  sub     r10, r10, r9            @ 256 times the sum of the high row
  sub     r12, r12, r11
  asr     r10, r10, #8
  asr     r12, r12, #8
  ldm     r0!, {r1-r8}            @ multiplier, factor of four rows
  smmlar  r9, r9, r1, r9
  smmlar  r10, r10, r3, r10
  smmlar  r11, r11, r5, r11
  smmlar  r12, r12, r7, r12
  ldrd    r1, lr, [sp, #16]       @ out, zero point
  add     r9, r9, r9, asr #31     @ halves are rounded away from zero
  add     r10, r10, r10, asr #31
  add     r11, r11, r11, asr #31
  add     r12, r12, r12, asr #31
  smmlsr  r9, r9, r2, lr
  smmlsr  r10, r10, r4, lr
  smmlsr  r11, r11, r6, lr
  smmlsr  r12, r12, r8, lr
  ssat    r9, #8, r9
  ssat    r10, #8, r10
  ssat    r11, #8, r11
  ssat    r12, #8, r12
  strb    r9, [r1], #1
  strb    r10, [r1], #1
  strb    r11, [r1], #1
  strb    r12, [r1], #1
  str     r1, [sp, #16]
  ldr     r2, [sp, #12]
  cmp     r1, r2
  bne.w   1b

  add     sp, #28
  pop     {r4-r11, pc}
  .size tinykitMultiplyVector, . - tinykitMultiplyVector
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
