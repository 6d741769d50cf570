// Runs a generated model on QEMU's mps2-an386 (a Cortex-M4F): reads inputs.bin, writes outputs.bin
// and the deepest stack in bytes to stack.bin, through semihosting. Marks let the plugin count the
// last inference.

#include <stddef.h>
#include <stdint.h>

#include "model.h"

extern "C" {
extern uint32_t data_in_flash[], data_start[], data_end[], bss_start[], bss_end[];
extern uint8_t stack_bottom[], stack_top[];

__attribute__((noinline)) void mark_begin() { __asm volatile(""); }
__attribute__((noinline)) void mark_end() { __asm volatile(""); }
void start();
void fault();

__attribute__((used, section(".vectors"))) const void* const vectors[16] = {
    stack_top,
    reinterpret_cast<const void*>(start),
    reinterpret_cast<const void*>(fault),
    reinterpret_cast<const void*>(fault),
    reinterpret_cast<const void*>(fault),
    reinterpret_cast<const void*>(fault),
    reinterpret_cast<const void*>(fault)};
}

namespace {

enum { kOpen = 1, kWrite = 5, kRead = 6, kExit = 0x18 };

int semihost(int operation, const void* argument) {
  register int r0 __asm("r0") = operation;
  register const void* r1 __asm("r1") = argument;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

int open(const char* name, size_t length, unsigned mode) {
  const uintptr_t arguments[] = {reinterpret_cast<uintptr_t>(name), mode, length};
  return semihost(kOpen, arguments);
}

// What is left to transfer.
size_t transfer(int operation, int file, const void* data, size_t size) {
  const uintptr_t arguments[] = {static_cast<uintptr_t>(file), reinterpret_cast<uintptr_t>(data),
                                 size};
  return static_cast<size_t>(semihost(operation, arguments));
}

void exit(bool well) {
  semihost(kExit, reinterpret_cast<const void*>(well ? 0x20026 : 0x20023));
  for (;;) {
  }
}

constexpr uint32_t kPaint = 0x5a3c96e1;

inline uint32_t* stack_pointer() {
  uint32_t* sp;
  __asm volatile("mov %0, sp" : "=r"(sp));
  return sp;
}

__attribute__((noinline)) void paint_stack() {
  uint32_t* end = stack_pointer();
  for (uint32_t* p = reinterpret_cast<uint32_t*>(stack_bottom); p < end; ++p) *p = kPaint;
}

// Bytes of stack below `top` that were written since it was painted.
uint32_t stack_used(const uint32_t* top) {
  const uint32_t* p = reinterpret_cast<const uint32_t*>(stack_bottom);
  while (*p == kPaint) ++p;
  return static_cast<uint32_t>(top - p) * 4;
}

__attribute__((noinline)) bool marked_invoke() {
  mark_begin();
  const bool well = model::invoke();
  mark_end();
  return well;
}

void run() {
  if (model::init() != nullptr) exit(false);
  const int inputs = open("inputs.bin", 10, 1), outputs = open("outputs.bin", 11, 5);
  uint32_t stack = 0;
  while (transfer(kRead, inputs, model::input(), model::kInputSize) == 0) {
    paint_stack();
    if (!marked_invoke()) exit(false);
    stack = stack_used(stack_pointer());
    transfer(kWrite, outputs, model::output(), model::kOutputSize);
  }
  transfer(kWrite, open("stack.bin", 9, 5), &stack, sizeof stack);
  exit(true);
}

}  // namespace

extern "C" void start() {
  *reinterpret_cast<volatile uint32_t*>(0xe000ed88) |= 0xf << 20;  // the FPU on
  for (uint32_t *to = data_start, *from = data_in_flash; to < data_end;) *to++ = *from++;
  for (uint32_t* p = bss_start; p < bss_end;) *p++ = 0;
  run();
}

extern "C" void fault() { exit(false); }
