// What counter.c and flash.c share: the counters. counter.py has the same structures.
#pragma once

#include <stdint.h>

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

enum { kMaxDepth = 64, kWays = 2, kMostSets = 1024 };
enum { kRegisterLr = 10, kRegisterPc = 11, kRegisterSp = 12, kRegisterR0 = 66 };  // Unicorn's

// What is special about the block that begins at an address.
enum Role {
  kMarkedFunction = 1,  // measure what is executed from here until the function returns
  kReturnPoint = 2,     // a marked function has returned to this address before
  kWait = 4,            // the sketch waits until clock.wake
  kLoopEnd = 8,         // loop() has returned
  kInsideIt = 16,       // it ends between an IT instruction and what that makes conditional
};

// One for every half-word of flash, where a block may begin.
typedef struct {
  uint64_t instructions;  // executed so far
  uint64_t cycles;
  uint32_t size;  // bytes of the block; 0 until it is decoded
  uint16_t blockInstructions;
  uint16_t blockCycles;  // without waits for the flash
  uint32_t role;
  uint32_t mark;        // number of the marked function that begins here
  uint32_t firstRead;   // in Counter.reads
  uint16_t readCount;
  uint16_t flashWords;  // words that the block reads from flash every time: literals
} Block;

// Words that a block reads from one place, whose address depends on registers:
// constant + base + (index << shift), with the registers as they are when the block begins; or,
// with `follows`, the pointer that stands there, + offset.
typedef struct {
  uint32_t constant, offset;
  int8_t base, index;  // numbers of registers; -1 for none
  uint8_t shift;
  uint8_t follows;
  uint32_t words;
} Read;

// Memory that the sketch can read, too: its clock.
typedef struct {
  uint64_t cycles;      // since the start
  uint64_t wake;        // where delay() wants to go on
  uint32_t microsRead;  // the sketch looked at a clock finer than a millisecond
  uint32_t doorsUsed;   // the sketch touched the outside world
  uint32_t interruptsOff;
  uint32_t looked;  // the sketch looked at a clock, asked something of the world outside, or slept
} Clock;

// What is counted.
typedef struct {
  uint64_t instructions;
  uint64_t cycles;  // with waits
  uint64_t waits;   // of them, cycles in which the processor waits for the flash
} Count;

// One call of a marked function, without interrupts that came in between.
typedef struct {
  uint64_t start;  // clock cycles at its first instruction
  Count count;
  uint64_t mark;
} Call;

// One that has not returned yet: the counters when it began.
typedef struct {
  Count count, interrupts;
  uint32_t mark, returnAddress;
} OpenCall;

typedef struct {
  void* engine;
  int (*stop)(void* engine);
  int (*readRegister)(void* engine, int number, void* value);

  const uint8_t *flash, *ram;
  uint32_t flashStart, flashBytes, ramStart, ramBytes;
  Block* blocks;
  Clock* clock;

  uint64_t instructions;
  uint64_t waits;
  uint64_t deadline;  // stop when the clock gets there
  uint64_t idleCycles;
  Count interrupts;
  uint32_t next;  // address after the block before: where it goes on without a branch
  Block* before;

  Call* calls;
  uint32_t callCount, callRoom;
  OpenCall open[kMaxDepth];
  uint32_t depth;

  // For skipping loop() while it only waits: the variables as they were after the call before.
  const uint8_t* variables;
  uint8_t* snapshot;
  uint32_t variableBytes;
  uint32_t haveSnapshot;
  uint32_t patience, backoff;
  uint64_t loopStart, cyclesPerTick;

  uint32_t unalignedPc, unalignedAddress;  // where an access was that the processor refuses

  // The flash, see flash.c.
  uint32_t fetchWait, readWait;  // cycles; both 0: it answers at once
  uint32_t lineShift, sets;      // of the instruction cache: 2^lineShift bytes a line
  uint32_t cache[kMostSets][kWays];
  Read* reads;
  uint32_t readCount, readRoom;
  uint32_t flashReads;  // for a test: words that countRead() saw

  // What a real board has measured: all cycles are multiplied by correction / 65536.
  uint32_t correction, remainder;
} Counter;

// flash.c
void findReads(Counter* counter, Block* block, uint32_t address);
uint32_t flashWaits(Counter* counter, const Block* block, uint32_t address);

static inline uint32_t half(const uint8_t* code) { return code[0] | (uint32_t)code[1] << 8; }

static inline uint32_t countBits(uint32_t bits) {
  uint32_t count = 0;
  for (; bits; bits &= bits - 1) ++count;
  return count;
}

static inline int isWide(uint32_t first) { return first >> 11 >= 0x1d; }  // a 32-bit instruction
