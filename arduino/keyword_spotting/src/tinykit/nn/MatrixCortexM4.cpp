// The inner loops for the DSP instructions of Cortex-M4 and M7, in assembly: they need all of the
// processor's 14 registers, which no compiler leaves to a loop. MatrixPortable.cpp says in C++ what
// they compute, packing.py how the weights are packed.
//
//     SMLAD  sum, a, b, sum      sum += a.low * b.low + a.high * b.high   (16-bit halves)
//     SXTB16 a, b                a = bytes 0 and 2 of b, widened; with ROR #8: bytes 1 and 3
//     SMMLAR a, b, c, d          a = d + round(b * c / 2^32)
//     SMMLSR a, b, c, d          a = d + round(-b * c / 2^32)
//     SSAT   a, #8, a            a = a cut off at -128 and 127
//
// The loops over three pixels and four rows are unrolled; where the number of columns is no multiple
// of that, the first pass starts further down.
#include "Arithmetic.h"

#if TINYKIT_CORTEX_M4

#include <stddef.h>

#include "MatrixInner.h"

namespace tinykit {
namespace nn {

static_assert(offsetof(Product, finish) == 28, "the assembly reads eight words, in this order");

// What the kernels have in common.
asm(R"(
  .macro function name
  .pushsection .text.\name, "ax", %progbits
  .syntax unified
  .thumb
  .balign 4
  .global \name
  .thumb_func
  .type \name, %function
\name:
  .endm

  .macro endFunction name
  .size \name, . - \name
  .popsection
  .endm

  @ Two columns of two rows, times one pixel. Changes w.
  .macro twoRows wide, w, x, low, both, spare
  .if \wide
  sxtb16  \spare, \w
  sxtb16  \w, \w, ror #8
  smlad   \low, \spare, \x, \low
  smlad   \both, \w, \x, \both
  .else
  smlad   \both, \w, \x, \both
  sxtb16  \w, \w
  smlad   \low, \w, \x, \low
  .endif
  .endm

  @ A sum with a factor of any size; multiplier factor shift mask as packing.py makes them.
  .macro anyScale sum, multiplier, factor, shift, mask, spare, zeroPoint
  lsl     \sum, \sum, \shift
  smmlar  \sum, \sum, \multiplier, \sum
  and     \spare, \sum, \mask
  add     \sum, \sum, \sum, asr #31  @ halves are rounded away from zero
  smmlsr  \sum, \sum, \factor, \zeroPoint
  qadd    \sum, \sum, \spare
  ssat    \sum, #8, \sum
  .endm
)");

// ---- Row pairs times three pixels.
//
// r0 weights   r1 x   r2 r3 words of weights   r4 r5 r6 three pixels of x
// r7 r8 r9 sums of the low row for three pixels   r10 r11 r12 of both rows   lr end of x
//
// 24 multiplications for 17 instructions (19 with wide sums), 32 columns unrolled.
asm(R"(
  .macro threePixels wide, w, spare
  .if \wide
  sxtb16  \spare, \w
  smlad   r7, \spare, r4, r7
  smlad   r8, \spare, r5, r8
  smlad   r9, \spare, r6, r9
  sxtb16  \w, \w, ror #8
  .endif
  smlad   r10, \w, r4, r10
  smlad   r11, \w, r5, r11
  smlad   r12, \w, r6, r12
  .ifeq \wide
  sxtb16  \w, \w
  smlad   r7, \w, r4, r7
  smlad   r8, \w, r5, r8
  smlad   r9, \w, r6, r9
  .endif
  .endm

  .macro tile name, wide, bytes
  function \name
  push    {r4-r11, lr}
  sub     sp, #32
  ldm     r0, {r1-r8}             @ weights x out outStep count quads zeroPoint finish
  mov     r0, r1
  add     r9, r6, r6, lsl #1
  add     r9, r2, r9, lsl #3      @ end of x: 24 bytes a quad
  strd    r3, r4, [sp, #0]        @ out, outStep
  add     r5, r3, r5, lsl #1
  strd    r5, r9, [sp, #8]        @ end of out, end of x
  rsb     r6, r6, #0
  and     r6, r6, #7              @ quads that the first pass leaves out
  mov     r9, #\bytes             @ of code a quad
  adr     r10, 2f
  mla     r10, r6, r9, r10
  orr     r10, r10, #1
  strd    r2, r10, [sp, #16]      @ x, entry
  strd    r7, r8, [sp, #24]       @ zero point, finish

1:
  ldrd    r7, r10, [r0], #8       @ the biases
  ldrd    r1, r2, [sp, #16]
  ldr     lr, [sp, #12]
  mov     r8, r7
  mov     r9, r7
  mov     r11, r10
  mov     r12, r10
  bx      r2

  .balign 4
2:
  .rept 8
  ldrd    r2, r3, [r0], #8
  ldmia.w r1!, {r4-r6}
  threePixels \wide, r2, lr
  ldmia.w r1!, {r4-r6}
  threePixels \wide, r3, lr
  .endr
  .if \wide
  ldr     lr, [sp, #12]
  .endif
  cmp     r1, lr
  bne.w   2b

  .ifeq \wide
  sub     r10, r10, r7            @ 256 times the sum of the high row
  sub     r11, r11, r8
  sub     r12, r12, r9
  asr     r10, r10, #8
  asr     r11, r11, #8
  asr     r12, r12, #8
  .endif
  ldrd    r6, lr, [sp, #24]       @ zero point, finish
  ldm     r0!, {r2-r5}            @ multiplier, factor of both rows
  cmp     lr, #0
  blt     5f
  smmlar  r7, r7, r2, r7
  smmlar  r8, r8, r2, r8
  smmlar  r9, r9, r2, r9
  smmlar  r10, r10, r4, r10
  smmlar  r11, r11, r4, r11
  smmlar  r12, r12, r4, r12
  bgt     3f                      @ rectified
  add     r7, r7, r7, asr #31     @ halves are rounded away from zero
  add     r8, r8, r8, asr #31
  add     r9, r9, r9, asr #31
  add     r10, r10, r10, asr #31
  add     r11, r11, r11, asr #31
  add     r12, r12, r12, asr #31
3:
  smmlsr  r7, r7, r3, r6
  smmlsr  r8, r8, r3, r6
  smmlsr  r9, r9, r3, r6
  smmlsr  r10, r10, r5, r6
  smmlsr  r11, r11, r5, r6
  smmlsr  r12, r12, r5, r6
  ssat    r7, #8, r7
  ssat    r8, #8, r8
  ssat    r9, #8, r9
  ssat    r10, #8, r10
  ssat    r11, #8, r11
  ssat    r12, #8, r12
4:
  ldm     sp, {r1-r3}             @ out, outStep, end of out
  bfi     r7, r10, #8, #8
  bfi     r8, r11, #8, #8
  bfi     r9, r12, #8, #8
  strh    r7, [r1]
  strh    r8, [r1, r2]
  strh    r9, [r1, r2, lsl #1]
  adds    r1, #2
  str     r1, [sp, #0]
  cmp     r1, r3
  bne.w   1b

  add     sp, #32
  pop     {r4-r11, pc}

5:
  anyScale r7, r2, r3, r4, r5, r1, r6
  anyScale r8, r2, r3, r4, r5, r1, r6
  anyScale r9, r2, r3, r4, r5, r1, r6
  ldm     r0!, {r2-r5}
  anyScale r10, r2, r3, r4, r5, r1, r6
  anyScale r11, r2, r3, r4, r5, r1, r6
  anyScale r12, r2, r3, r4, r5, r1, r6
  b       4b
  endFunction \name
  .endm

  tile tinykitThreePixels, 0, 68
  tile tinykitThreePixelsWide, 1, 76
)");

// ---- Row pairs times one pixel, widened before, or not yet (raw).
//
// r0 weights   r1 x   r2 ... r5 words of weights   r6 ... r9 x
// r10 sum of the low row   r11 of both rows   r12 spare   lr sixteens left
//
// Widened: 16 multiplications for 14 instructions (18 with wide sums); raw: 18 (22).
// Columns are taken by sixteen, what is left over first.
asm(R"(
  .macro eight wide, raw
  ldmia.w r0!, {r2-r5}
  .if \raw
  ldrd    r6, r8, [r1], #8
  sxtb16  r7, r6, ror #8
  sxtb16  r6, r6
  sxtb16  r9, r8, ror #8
  sxtb16  r8, r8
  .else
  ldmia.w r1!, {r6-r9}
  .endif
  twoRows \wide, r2, r6, r10, r11, r12
  twoRows \wide, r3, r7, r10, r11, r12
  twoRows \wide, r4, r8, r10, r11, r12
  twoRows \wide, r5, r9, r10, r11, r12
  .endm

  .macro pixel name, wide, raw
  function \name
  push    {r4-r11, lr}
  ldm     r0, {r1-r8}             @ weights x out outStep count quads zeroPoint finish
  mov     r0, r1
  push    {r2, r3, r5-r8}         @ x out count quads zeroPoint finish

1:
  ldrd    r10, r11, [r0], #8      @ the biases
  ldr     lr, [sp, #12]
  ldr     r1, [sp, #0]
  lsrs    lr, lr, #1
  bcc     2f
  ldrd    r4, r5, [r0], #8        @ four columns
  .if \raw
  ldr     r8, [r1], #4
  sxtb16  r6, r8
  sxtb16  r7, r8, ror #8
  .else
  ldrd    r6, r7, [r1], #8
  .endif
  twoRows \wide, r4, r6, r10, r11, r12
  twoRows \wide, r5, r7, r10, r11, r12
2:
  lsrs    lr, lr, #1
  bcc     3f
  eight   \wide, \raw
3:
  subs    lr, lr, #1
  blt     5f
4:
  eight   \wide, \raw
  eight   \wide, \raw
  subs    lr, lr, #1
  bge     4b

5:
  .ifeq \wide
  sub     r11, r11, r10           @ 256 times the sum of the high row
  asr     r11, r11, #8
  .endif
  ldrd    r6, r7, [sp, #16]       @ zero point, finish
  ldm     r0!, {r2-r5}            @ multiplier, factor of both rows
  cmp     r7, #0
  blt     7f
  smmlar  r10, r10, r2, r10
  smmlar  r11, r11, r4, r11
  add     r10, r10, r10, asr #31  @ halves are rounded away from zero
  add     r11, r11, r11, asr #31
  smmlsr  r10, r10, r3, r6
  smmlsr  r11, r11, r5, r6
  ssat    r10, #8, r10
  ssat    r11, #8, r11
6:
  ldrd    r2, r3, [sp, #4]        @ out, row pairs left
  strb    r10, [r2], #1
  strb    r11, [r2], #1
  subs    r3, r3, #1
  strd    r2, r3, [sp, #4]
  bne.w   1b

  add     sp, #24
  pop     {r4-r11, pc}

7:
  anyScale r10, r2, r3, r4, r5, r7, r6
  ldm     r0!, {r2-r5}
  anyScale r11, r2, r3, r4, r5, r7, r6
  b       6b
  endFunction \name
  .endm

  pixel tinykitOnePixel, 0, 0
  pixel tinykitOnePixelWide, 1, 0
  pixel tinykitBytes, 0, 1
  pixel tinykitBytesWide, 1, 1
)");

// ---- Blocks of four rows times one vector.
//
// r0 weights   r1 x   r2 r3 words of the first row pair   r4 r5 of the second   r6 r7 x   r8 spare
// r9 r11 sums of the low rows   r10 r12 of both   lr passes left
//
// 16 multiplications for 14 instructions (18 with wide sums), eight such quads unrolled.
asm(R"(
  .macro vector name, wide, bytes
  function \name
  push    {r4-r11, lr}
  sub     sp, #28
  ldm     r0, {r1-r8}             @ weights x out outStep count quads zeroPoint finish
  mov     r0, r1
  strd    r3, r5, [sp, #12]       @ out, blocks left
  strd    r7, r8, [sp, #20]       @ zero point, finish
  add     r4, r6, #7
  lsr     r4, r4, #3              @ passes
  strd    r2, r4, [sp, #0]        @ x, passes
  rsb     r6, r6, #0
  and     r6, r6, #7              @ quads that the first pass leaves out
  mov     r9, #\bytes             @ of code a quad
  adr     r10, 2f
  mla     r10, r6, r9, r10
  orr     r10, r10, #1
  str     r10, [sp, #8]           @ entry

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
  twoRows \wide, r2, r6, r9, r10, r8
  twoRows \wide, r3, r7, r9, r10, r8
  twoRows \wide, r4, r6, r11, r12, r8
  twoRows \wide, r5, r7, r11, r12, r8
  .endr
  subs    lr, lr, #1
  bne.w   2b

  .ifeq \wide
  sub     r10, r10, r9            @ 256 times the sum of the high row
  sub     r12, r12, r11
  asr     r10, r10, #8
  asr     r12, r12, #8
  .endif
  ldrd    lr, r1, [sp, #20]       @ zero point, finish
  cmp     r1, #0
  blt     5f
  ldm     r0!, {r2-r5}            @ multiplier, factor of two rows
  smmlar  r9, r9, r2, r9
  smmlar  r10, r10, r4, r10
  add     r9, r9, r9, asr #31     @ halves are rounded away from zero
  add     r10, r10, r10, asr #31
  smmlsr  r9, r9, r3, lr
  smmlsr  r10, r10, r5, lr
  ldm     r0!, {r2-r5}
  smmlar  r11, r11, r2, r11
  smmlar  r12, r12, r4, r12
  add     r11, r11, r11, asr #31
  add     r12, r12, r12, asr #31
  smmlsr  r11, r11, r3, lr
  smmlsr  r12, r12, r5, lr
  ssat    r9, #8, r9
  ssat    r10, #8, r10
  ssat    r11, #8, r11
  ssat    r12, #8, r12
4:
  ldrd    r1, r2, [sp, #12]       @ out, blocks left
  strb    r9, [r1], #1
  strb    r10, [r1], #1
  strb    r11, [r1], #1
  strb    r12, [r1], #1
  subs    r2, r2, #1
  strd    r1, r2, [sp, #12]
  bne.w   1b

  add     sp, #28
  pop     {r4-r11, pc}

5:
  ldm     r0!, {r2-r5}
  anyScale r9, r2, r3, r4, r5, r6, lr
  ldm     r0!, {r2-r5}
  anyScale r10, r2, r3, r4, r5, r6, lr
  ldm     r0!, {r2-r5}
  anyScale r11, r2, r3, r4, r5, r6, lr
  ldm     r0!, {r2-r5}
  anyScale r12, r2, r3, r4, r5, r6, lr
  b       4b
  endFunction \name
  .endm

  vector tinykitFourRows, 0, 56
  vector tinykitFourRowsWide, 1, 72
)");

// ---- One row of 16-bit weights times one vector of bytes.
//
// r1 weights   r2 x   r3 ... r6 x   r7 r8 r9 r11 weights   r10 sum   r0 r12 spare
//
// 16 multiplications for 19 instructions; what is left over of sixteens comes first.
asm(R"(
  .macro rowWord x, w0, w1
  sxtb16  r0, \x
  sxtb16  r12, \x, ror #8
  smlad   r10, r0, \w0, r10
  smlad   r10, r12, \w1, r10
  .endm

  function tinykitOneRow
  push    {r4-r11, lr}
  ldm     r0, {r1-r8}             @ weights x out outStep count quads zeroPoint finish
  push    {r3, r7, r8}
  ldr     r10, [r1], #4           @ the bias
  lsr     lr, r6, #2              @ sixteens
  ands    r4, r6, #3
  beq     2f
1:
  ldr     r3, [r2], #4
  ldrd    r8, r9, [r1], #8
  rowWord r3, r8, r9
  subs    r4, #1
  bne     1b
2:
  subs    lr, lr, #1
  blt     4f
3:
  ldmia.w r2!, {r3-r6}
  ldmia.w r1!, {r7-r9, r11}
  rowWord r3, r7, r8
  rowWord r4, r9, r11
  ldmia.w r1!, {r7-r9, r11}
  rowWord r5, r7, r8
  rowWord r6, r9, r11
  subs    lr, lr, #1
  bge     3b
4:
  ldrd    r2, r3, [r1]            @ multiplier, factor
  pop     {r0, r6, r7}            @ out, zero point, finish
  cmp     r7, #0
  blt     5f
  smmlar  r10, r10, r2, r10
  add     r10, r10, r10, asr #31  @ halves are rounded away from zero
  smmlsr  r10, r10, r3, r6
  ssat    r10, #8, r10
  strb    r10, [r0]
  pop     {r4-r11, pc}
5:
  ldrd    r4, r5, [r1, #8]
  anyScale r10, r2, r3, r4, r5, r7, r6
  strb    r10, [r0]
  pop     {r4-r11, pc}
  endFunction tinykitOneRow
)");

// ---- Three pixels, widened and interleaved.
//
// r0 pixels, then bytes from row to row   r1 bytes of this row left   r2 x   r3 r4 r5 pixels
asm(R"(
  function tinykitWidenThree
  push    {r4-r11, lr}
  sub     lr, r3, r1              @ from the end of a row to the next
  push    {r1, r2, lr}            @ count, rows
  ldr     r2, [sp, #12 + 36]
  ldm     r0, {r3-r5}
1:
  ldr     r10, [r3], #4
  ldr     r11, [r4], #4
  ldr     r12, [r5], #4
  sxtb16  r7, r10
  sxtb16  r8, r11
  sxtb16  r9, r12
  sxtb16  r10, r10, ror #8
  sxtb16  r11, r11, ror #8
  sxtb16  r12, r12, ror #8
  stm     r2!, {r7-r12}
  subs    r1, #4
  bgt     1b

  ldm     sp, {r1, r7, r8}
  subs    r7, #1
  beq     2f
  str     r7, [sp, #4]
  add     r3, r8
  add     r4, r8
  add     r5, r8
  b       1b
2:
  mov     r0, r2
  add     sp, #12
  pop     {r4-r11, pc}
  endFunction tinykitWidenThree
)");

// ---- One pixel or vector, widened.
//
// r0 from   r1 bytes of a row   r2 rows   r3 from the end of a row to the next   r8 bytes left
asm(R"(
  function tinykitWidenOne
  push    {r4-r9, lr}
  ldr     r9, [sp, #28]           @ x
  sub     r3, r3, r1
1:
  subs    r8, r1, #8
  blt     3f
2:
  ldr     r5, [r0], #4
  ldr     r7, [r0], #4
  sxtb16  r4, r5
  sxtb16  r5, r5, ror #8
  sxtb16  r6, r7
  sxtb16  r7, r7, ror #8
  stm     r9!, {r4-r7}
  subs    r8, #8
  bge     2b
3:
  tst     r8, #4
  beq     4f
  ldr     r5, [r0], #4
  sxtb16  r4, r5
  sxtb16  r5, r5, ror #8
  stm     r9!, {r4-r5}
4:
  add     r0, r3
  subs    r2, #1
  bne     1b
  mov     r0, r9
  pop     {r4-r9, pc}
  endFunction tinykitWidenOne
)");

}  // namespace nn
}  // namespace tinykit

#endif
