// The inner loops for the DSP instructions of Cortex-M4 and M7, in assembly. DepthwisePortable.cpp
// says in C++ what they compute; MatrixCortexM4.cpp what the instructions do. And
//
//     SMLABB sum, a, b, sum      sum += a.low * b.low        SMLABT: a.low * b.high, and so on
//     SMMLA  a, b, c, d          a = d + b * c / 2^32, rounded down
#include "Arithmetic.h"

#if TINYKIT_CORTEX_M4

#include <stddef.h>

#include "DepthwiseInner.h"

namespace tinykit {
namespace nn {

// The assembly reads these structures.
static_assert(offsetof(Taps, end) == 44, "twelve words, in this order");
static_assert(offsetof(Plane, once) == 48, "thirteen words, in this order");
static_assert(offsetof(Lines, padding) == 44, "twelve words, in this order");

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

  .macro tapsNext                 @ the next four channels
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
  cmp     r12, #1
  blt     2f
  adr.w   r4, 5f
  beq     2f
  adr.w   r4, 6f
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
4:                                @ rounded twice
  ldm     r0!, {r1, r3-r9}        @ multipliers, factors
  smmlar  r10, r10, r1, r10
  smmlar  r11, r11, r3, r11
  smmlar  r12, r12, r4, r12
  smmlar  lr, lr, r5, lr
  ldrd    r1, r3, [sp, #0]        @ out, zero point
  add     r10, r10, r10, asr #31  @ halves are rounded away from zero
  add     r11, r11, r11, asr #31
  add     r12, r12, r12, asr #31
  add     lr, lr, lr, asr #31
  smmlsr  r10, r10, r6, r3
  smmlsr  r11, r11, r7, r3
  smmlsr  r12, r12, r8, r3
  smmlsr  lr, lr, r9, r3
  ldr     r4, [sp, #52]           @ from channel to channel
  ssat    r10, #8, r10
  ssat    r11, #8, r11
  ssat    r12, #8, r12
  ssat    lr, #8, lr
  strb    r10, [r1]
  strb    r11, [r1, r4]
  add     r1, r1, r4, lsl #1
  strb    r12, [r1]
  strb    lr, [r1, r4]
  add     r1, r1, r4, lsl #1
  tapsNext
  b       2f

  .balign 4
6:                                @ the sums as they are
  ldr     r1, [sp, #0]
  stm     r1!, {r10-r12, lr}
  adds    r0, #32
  tapsNext
  b       2f

  .balign 4
5:                                @ rounded once
  ldm     r0!, {r1, r3-r9}
  smmla   r10, r10, r1, r6
  smmla   r11, r11, r3, r7
  smmla   r12, r12, r4, r8
  smmla   lr, lr, r5, r9
  ldr     r1, [sp, #0]
  ssat    r10, #8, r10, asr #10
  ssat    r11, #8, r11, asr #10
  ssat    r12, #8, r12, asr #10
  ssat    lr, #8, lr, asr #10
  strb    r10, [r1], #1
  strb    r11, [r1], #1
  strb    r12, [r1], #1
  strb    lr, [r1], #1
  tapsNext
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
  .macro planeRow p, w01, w12     @ outputs at columns 0 and 1 of x0 x1 x2 x3
  ldrd    r9, r10, [\p], #4
  smlad   r11, r9, \w01, r11
  smlabt  r11, r10, \w12, r11
  smlatb  r12, r9, \w01, r12
  smlad   r12, r10, \w12, r12
  .endm

  .macro planeOutputs once        @ the two outputs, in r11 and r12; r9 = bytes between them
  ldr     r12, [sp, #0]           @ bias
  ldrd    r9, r10, [r0], #4
  smlad   r11, r9, r3, r12
  smlabt  r11, r10, r4, r11
  smlatb  r12, r9, r3, r12
  smlad   r12, r10, r4, r12
  planeRow r1, r5, r6
  planeRow r2, r7, r8
  ldrd    r9, r10, [sp, #4]       @ multiplier, factor
  .if \once
  smmla   r11, r11, r9, r10
  smmla   r12, r12, r9, r10
  ldr     r9, [sp, #16]           @ outColumnStep
  ssat    r11, #8, r11, asr #10
  ssat    r12, #8, r12, asr #10
  .else
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
  .endif
  .endm

  .macro planePair once
  planeOutputs \once
  strb    r11, [lr]
  strb    r12, [lr, r9]
  add     lr, lr, r9, lsl #1
  .endm

  .macro planeWeights word, w01, w12  @ the fourth byte is a shift
  sxtb16  r9, \word
  sxtb16  r10, \word, ror #8
  asr     r12, r10, #16
  asr     lr, r9, #16
  lsl     r9, r9, r12
  lsl     r10, r10, r12
  lsl     lr, lr, r12
  pkhbt   \w01, r9, r10, lsl #16
  pkhbt   \w12, r10, lr, lsl #16
  .endm

  .macro planeRows once           @ all outputs
1:
  ldrd    r0, r9, [sp, #20]       @ x, filterRowBytes
  ldrd    r10, r11, [sp, #48]     @ bytes of x for the pairs of outputs in a row, an odd pair?
  add     r1, r0, r9
  add     r2, r1, r9
  add     r10, r10, r0
  str     r10, [sp, #56]          @ where the pairs of outputs end
  ldr     lr, [sp, #28]
  cmp     r11, #0
  bne     6f
  cmp     r0, r10
  beq.w   3f
2:
  planePair \once
6:
  planePair \once
  ldr     r10, [sp, #56]
  cmp     r0, r10
  bne.w   2b
3:
  ldr     r9, [sp, #44]
  cmp     r9, #0
  beq     4f
  planeOutputs \once
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
  .endm

  .pushsection .text.tinykitPlane3x3, "ax", %progbits
  .syntax unified
  .thumb
  .balign 4
  .global tinykitPlane3x3
  .thumb_func
  .type tinykitPlane3x3, %function
tinykitPlane3x3:
  push    {r4-r11, lr}
  sub     sp, #60
  ldm     r0!, {r1-r9}            @ weights x filterRows pairs filterRowBytes rowAdvance out
                                  @ outColumnStep outRowStep
  ldm     r0, {r0, r10-r12}       @ outColumns outRows zeroPoint once
  strd    r11, r8, [sp, #12]      @ zero point, outColumnStep
  strd    r2, r5, [sp, #20]       @ x, filterRowBytes
  strd    r7, r10, [sp, #28]      @ out, rows left
  strd    r6, r9, [sp, #36]       @ rowAdvance, outRowStep
  and     r2, r0, #1
  lsr     r0, r0, #1
  and     r3, r0, #1
  lsl     r0, r0, #2
  strd    r2, r0, [sp, #44]       @ one more output?, bytes
  str     r3, [sp, #52]           @ an odd pair?
  mov     r0, r12
  ldm     r1, {r2, r3, r4, r5, r7, r11}
  str     r2, [sp, #0]            @ bias
  strd    r3, r4, [sp, #4]        @ multiplier, factor
  planeWeights r5, r3, r4
  planeWeights r7, r5, r6
  planeWeights r11, r7, r8
  cmp     r0, #0
  beq.w   7f
  planeRows 1
  b.w     8f
7:
  planeRows 0
8:
  add     sp, #60
  pop     {r4-r11, pc}
  .size tinykitPlane3x3, . - tinykitPlane3x3
  .popsection
)");

// ---- One channel times a filter of any size, four outputs at a time.
//
// r0 x   r1 weights   r2 rows of the filter left   r3-r6 x and weights   r8 to the next row of x
// r9-r12 sums   lr how halves are rounded
//
// 8 multiplications for 6 instructions. Eight pairs are unrolled; where there are fewer, a row starts
// further down.
asm(R"(
  .macro filterPair1               @ outputs at columns 0 1 2 3 of x0 x1 | x2 x3
  ldrd    r3, r4, [r0], #4
  ldrd    r5, r6, [r1], #8
  smlad   r9, r3, r5, r9
  smlad   r10, r3, r6, r10
  smlad   r11, r4, r5, r11
  smlad   r12, r4, r6, r12
  .endm

  .macro filterPair2               @ outputs at columns 0 2 4 6
  ldm     r0, {r3-r6}
  ldr.w   r7, [r1], #4
  add.w   r0, r0, #4
  smlad   r9, r3, r7, r9
  smlad   r10, r4, r7, r10
  smlad   r11, r5, r7, r11
  smlad   r12, r6, r7, r12
  .endm

  .macro filterPlane name, pair, pairCode, stride
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
  ldm     r0, {r0, r10-r12}       @ outColumns outRows zeroPoint once
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
  bx      lr
  .balign 4
4:                                @ rounded twice
  smmlar  r9, r9, r3, r9
  smmlar  r10, r10, r3, r10
  smmlar  r11, r11, r3, r11
  smmlar  r12, r12, r3, r12
  add     r9, r9, r9, asr #31     @ halves are rounded away from zero
  add     r10, r10, r10, asr #31
  add     r11, r11, r11, asr #31
  add     r12, r12, r12, asr #31
  smmlsr  r9, r9, r4, r5
  smmlsr  r10, r10, r4, r5
  smmlsr  r11, r11, r4, r5
  smmlsr  r12, r12, r4, r5
  ssat    r9, #8, r9
  ssat    r10, #8, r10
  ssat    r11, #8, r11
  ssat    r12, #8, r12
  b       9f
  .balign 4
5:                                @ rounded once
  smmla   r9, r9, r3, r4
  smmla   r10, r10, r3, r4
  smmla   r11, r11, r3, r4
  smmla   r12, r12, r3, r4
  ssat    r9, #8, r9, asr #10
  ssat    r10, #8, r10, asr #10
  ssat    r11, #8, r11, asr #10
  ssat    r12, #8, r12, asr #10
9:
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
  beq     7f
  strb    r10, [r5, r6]
  add     r5, r5, r6, lsl #1
  cmp     r2, #2
  blt     7f
  strb    r11, [r5]
  beq     7f
  strb    r12, [r5, r6]
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

  filterPlane tinykitPlane1, filterPair1, 24, 1
  filterPlane tinykitPlane2, filterPair2, 28, 2
)");

// ---- Lines of all channels with a filter of two to four weights.
//
// r0 in   r1 out   r2 step   r3 x   r4 sum of the output   r5 r6 r7 sums of the next outputs
// r8 weights 0 and 1   r9 weights 2 and 3   r10 bias   r11 multiplier   r12 factor   lr end
//
// A pixel is loaded once and added to all sums that it belongs to.
asm(R"(
  .macro lineNext taps            @ what x adds to the outputs after the next one
  .if \taps == 2
  smlabb  r5, r3, r8, r10
  .elseif \taps == 3
  smlabt  r5, r3, r8, r6
  smlabb  r6, r3, r8, r10
  .else
  smlabb  r5, r3, r9, r6
  smlabt  r6, r3, r8, r7
  smlabb  r7, r3, r8, r10
  .endif
  .endm

  .macro lineOutput taps
  .if \taps == 2
  smlabt  r4, r3, r8, r5
  .elseif \taps == 3
  smlabb  r4, r3, r9, r5
  .else
  smlabt  r4, r3, r9, r5
  .endif
  lineNext \taps
  smmla   r4, r4, r11, r12
  ssat    r4, #8, r4, asr #10
  .endm

  .macro lines name, taps
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
  ldm     r0!, {r1-r8}            @ weights in out channels lines inLineStep outLineStep step
  stm     sp, {r1-r8}
  ldm     r0, {r1-r4}             @ before count after padding
  add     r0, sp, #32
  stm     r0, {r1-r4}
1:                                @ a channel
  ldr     r0, [sp, #0]
  ldm     r0!, {r8-r12}
  str     r0, [sp, #0]
  ldr     r2, [sp, #28]
  ldrd    r0, r1, [sp, #4]
  ldr     r3, [sp, #16]
  strd    r0, r1, [sp, #48]       @ in and out of this line
  str     r3, [sp, #56]           @ lines left
2:                                @ a line
  ldr     r4, [sp, #32]
  ldr     r3, [sp, #44]
  rsb     lr, r4, #\taps - 1
  cmp     r4, #0
  beq     4f
3:
  lineNext \taps
  subs    r4, #1
  bne     3b
4:
  cmp     lr, #0
  beq     4f
3:
  ldrsb   r3, [r0]
  add     r0, r2
  lineNext \taps
  subs    lr, #1
  bne     3b
4:
  ldr     r3, [sp, #36]
  bic     r4, r3, #3
  cmp     r4, #0
  mla     lr, r4, r2, r0
  beq     4f
3:
  .rept 2
  ldrsb   r3, [r0]
  lineOutput \taps
  ldrsb   r3, [r0, r2]
  strb    r4, [r1]
  lineOutput \taps
  add     r0, r0, r2, lsl #1
  strb    r4, [r1, r2]
  add     r1, r1, r2, lsl #1
  .endr
  cmp     r0, lr
  bne.w   3b
  ldr     r3, [sp, #36]
4:
  ands    r3, r3, #3
  mla     lr, r3, r2, r0
  beq     4f
3:
  ldrsb   r3, [r0]
  add     r0, r2
  lineOutput \taps
  strb    r4, [r1]
  add     r1, r2
  cmp     r0, lr
  bne     3b
4:
  ldr     r4, [sp, #40]
  cmp     r4, #0
  mla     lr, r4, r2, r1
  beq     4f
  ldr     r3, [sp, #44]
3:
  lineOutput \taps
  strb    r4, [r1]
  add     r1, r2
  cmp     r1, lr
  bne     3b
4:
  ldrd    r0, r1, [sp, #48]
  ldrd    r3, r4, [sp, #20]
  ldr     r5, [sp, #56]
  add     r0, r3
  add     r1, r4
  strd    r0, r1, [sp, #48]
  subs    r5, #1
  str     r5, [sp, #56]
  bne.w   2b
  ldrd    r0, r1, [sp, #4]
  ldr     r3, [sp, #12]
  adds    r0, #1
  adds    r1, #1
  strd    r0, r1, [sp, #4]
  subs    r3, #1
  str     r3, [sp, #12]
  bne.w   1b
  add     sp, #60
  pop     {r4-r11, pc}
  .size \name, . - \name
  .popsection
  .endm

  lines tinykitLines2, 2
  lines tinykitLines3, 3
  lines tinykitLines4, 4
)");

}  // namespace nn
}  // namespace tinykit

#endif
