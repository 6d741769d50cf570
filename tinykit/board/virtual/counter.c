// Counts what the emulated processor executes, at native speed. The emulator (Unicorn) calls
// countBlock() before every basic block: a run of instructions with no branch inside. A block is
// decoded the first time it is seen; after that, counting it is a handful of additions.
//
// Compiled for the student's own computer by counter.py. Cycle model: see decodeBlock().
#include <stdint.h>
#include <string.h>

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

enum { kMaxDepth = 64, kRegisterLr = 10, kRegisterPc = 11 };  // numbers of Unicorn's registers

// What is special about the block that begins at an address.
enum Role {
  kMarkedFunction = 1,  // measure what is executed from here until the function returns
  kReturnPoint = 2,     // a marked function has returned to this address before
  kWait = 4,            // the sketch waits until clock.wake
  kLoopEnd = 8,         // loop() has returned
  kInsideIt = 16,       // it ends between an IT instruction and what that makes conditional
};

// One for every half-word of flash, where a block may begin. counter.py has the same fields.
typedef struct {
  uint64_t instructions;  // executed so far
  uint64_t cycles;
  uint32_t size;  // bytes of the block; 0 until it is decoded
  uint16_t blockInstructions;
  uint16_t blockCycles;
  uint32_t role;
  uint32_t mark;  // number of the marked function that begins here
} Block;

// Memory that the sketch can read, too: its clock.
typedef struct {
  uint64_t cycles;      // since the start
  uint64_t wake;        // where delay() wants to go on
  uint32_t microsRead;  // the sketch looked at a clock finer than a millisecond
  uint32_t doorsUsed;   // the sketch touched the outside world
  uint32_t interruptsOff;
  uint32_t looked;  // the sketch looked at a clock, asked something of the world outside, or slept
} Clock;

// One call of a marked function, without interrupts that came in between.
typedef struct {
  uint64_t start;  // clock cycles at its first instruction
  uint64_t instructions;
  uint64_t cycles;
  uint32_t mark;
} Call;

// One that has not returned yet: the counters when it began.
typedef struct {
  uint64_t instructions, cycles, interruptInstructions, interruptCycles;
  uint32_t mark, returnAddress;
} OpenCall;

typedef struct {
  void* engine;
  int (*stop)(void* engine);
  int (*readRegister)(void* engine, int number, void* value);

  const uint8_t* flash;
  uint32_t flashStart, flashBytes;
  Block* blocks;
  Clock* clock;

  uint64_t instructions;
  uint64_t deadline;  // stop when the clock gets there
  uint64_t idleCycles;
  uint64_t interruptInstructions, interruptCycles;
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
} Counter;

// For a test: the structures must be the same in counter.py.
EXPORT const uint32_t structureBytes[] = {sizeof(Block), sizeof(Clock), sizeof(Call),
                                          sizeof(Counter)};

static uint32_t half(const uint8_t* code) { return code[0] | (uint32_t)code[1] << 8; }

static uint32_t countBits(uint32_t bits) {
  uint32_t count = 0;
  for (; bits; bits &= bits - 1) ++count;
  return count;
}

static uint32_t lowestBit(uint32_t bits) {
  uint32_t position = 0;
  for (; (bits & 1) == 0; bits >>= 1) ++position;
  return position;
}

static int isWide(uint32_t first) { return first >> 11 >= 0x1d; }  // a 32-bit instruction

// Cycles of a 16-bit instruction, without the 2 that a taken branch costs.
static uint32_t narrowCycles(uint32_t op) {
  const uint32_t top5 = op >> 11;
  if (top5 == 0x09) return 2;                                    // LDR literal
  if (op >> 12 == 5) return (op >> 9 & 7) >= 3 ? 2 : 1;          // LDR/LDRH/LDRB/LDRS*, register
  if (top5 == 0x0d || top5 == 0x0f || top5 == 0x11 || top5 == 0x13) return 2;  // LDR*, immediate
  if (top5 == 0x18 || top5 == 0x19) return 1 + countBits(op & 0xff);           // STM, LDM
  if ((op & 0xf600) == 0xb400) return 1 + countBits(op & 0x1ff);               // PUSH, POP
  return 1;
}

// Cycles of a 32-bit instruction of the floating-point unit.
static uint32_t floatCycles(uint32_t first, uint32_t second) {
  if ((first & 0xfe00) == 0xec00 && (first & 0x01e0) != 0x0040 && (first & 0x01e0) != 0) {
    const uint32_t words = second & 0xff;
    if ((first & 0x0120) != 0x0100) return 1 + words;                 // VLDM, VSTM, VPUSH, VPOP
    return 2 + (second >> 8 & 1);  // VLDR, VSTR; of a double 3
  }
  if ((first & 0xff00) == 0xee00 && (second & 0x10) == 0) {
    const uint32_t opcode = first >> 4 & 0xb;
    if (opcode == 0x8 && (second & 0x40) == 0) return 14;                         // VDIV
    if (opcode == 0xb && (first & 0xf) == 1 && (second & 0xc0) == 0xc0) return 14;  // VSQRT
    if (opcode == 0x0 || opcode == 0x1 || opcode == 0x9 || opcode == 0xa) return 3;  // VMLA, VFMA
  }
  return 1;
}

static uint32_t wideCycles(uint32_t first, uint32_t second) {
  if ((first & 0xec00) == 0xec00) return floatCycles(first, second);
  if ((first & 0xfe40) == 0xe800) return 1 + countBits(second);  // LDM, STM, PUSH, POP
  if ((first & 0xfe40) == 0xe840) {
    const uint32_t exclusive = (first & 0x0120) == 0;  // LDREX, STREX, TBB
    if (exclusive) return 2;
    return 3;  // LDRD, STRD
  }
  if ((first & 0xfe10) == 0xf810) return 2;             // LDR, LDRB, LDRH, LDRSB, LDRSH
  if ((first & 0xffd0) == 0xfb90) return 7;             // SDIV, UDIV (2 to 12)
  return 1;
}

// Fills in how many instructions and cycles one execution of a block takes, without taken branches.
//
// An estimate after ARM DDI 0439 (Cortex-M4 technical reference manual), tables 3-1 and 7-1: 1 per
// instruction; loads 2, LDRD/STRD 3, LDM/STM/PUSH/POP and their VFP forms 1 + number of words,
// divisions 7 (2 to 12 in the manual), VDIV and VSQRT 14, VMLA and VFMA 3. countBlock() adds 2 for
// a branch that is taken (1 to 3 in the manual). Flash is read without wait states, as from the
// nRF52840's cache. Simpler than the manual: MLA and MLS take 1 (there 2), loads in a row 2 each
// (there 1 more for each after the first).
static void decodeBlock(Counter* counter, Block* block, uint32_t address, uint32_t size) {
  uint32_t instructions = 0;
  uint32_t cycles = 0;
  uint32_t conditional = 0;  // instructions that an IT before them makes conditional
  uint32_t offset = address - counter->flashStart;
  const uint32_t end = offset + size;
  while (offset + 2 <= end) {
    const uint32_t first = half(counter->flash + offset);
    if (conditional) --conditional;
    if (first >> 8 == 0xbf && first & 0xf) conditional = 4 - lowestBit(first & 0xf);
    if (isWide(first)) {
      cycles += wideCycles(first, half(counter->flash + offset + 2));
      offset += 4;
    } else {
      cycles += narrowCycles(first);
      offset += 2;
    }
    ++instructions;
  }
  block->size = size;
  block->blockInstructions = (uint16_t)instructions;
  block->blockCycles = (uint16_t)cycles;
  if (conditional) block->role |= kInsideIt;
}

static Block* blockAt(Counter* counter, uint32_t address) {
  const uint32_t offset = address - counter->flashStart;
  return offset < counter->flashBytes ? &counter->blocks[offset / 2] : 0;
}

// A marked function begins: remember where the counters stand and where it will return to.
static void openCall(Counter* counter, const Block* block) {
  if (counter->depth == kMaxDepth) return;
  OpenCall* call = &counter->open[counter->depth++];
  uint32_t returnAddress = 0;
  counter->readRegister(counter->engine, kRegisterLr, &returnAddress);
  call->mark = block->mark;
  call->returnAddress = returnAddress & ~1u;
  call->instructions = counter->instructions - block->blockInstructions;
  call->cycles = counter->clock->cycles - block->blockCycles;
  call->interruptInstructions = counter->interruptInstructions;
  call->interruptCycles = counter->interruptCycles;
  Block* back = blockAt(counter, call->returnAddress);
  if (back) back->role |= kReturnPoint;
}

// Execution has come to an address that marked functions return to: note down the ones that did.
static void closeCalls(Counter* counter, uint32_t address, uint64_t instructions,
                       uint64_t cycles) {
  while (counter->depth && counter->open[counter->depth - 1].returnAddress == address) {
    const OpenCall* open = &counter->open[--counter->depth];
    if (counter->callCount == counter->callRoom) continue;
    Call* call = &counter->calls[counter->callCount++];
    call->mark = open->mark;
    call->start = open->cycles;
    call->instructions = instructions - open->instructions -
                         (counter->interruptInstructions - open->interruptInstructions);
    call->cycles =
        cycles - open->cycles - (counter->interruptCycles - open->interruptCycles);
  }
}

static void idleUntil(Counter* counter, uint64_t time) {
  if (time > counter->deadline) time = counter->deadline;
  if (time <= counter->clock->cycles) return;
  counter->idleCycles += time - counter->clock->cycles;
  counter->clock->cycles = time;
}

// loop() has returned. When it has changed no variable, touched nothing outside and no millisecond
// has passed, then the next call will do the same, until the clock shows another millisecond or
// something from outside arrives (the deadline). That time can be skipped.
static void endLoop(Counter* counter) {
  Clock* clock = counter->clock;
  const uint64_t tick = clock->cycles / counter->cyclesPerTick;
  const int quiet = !clock->microsRead && !clock->doorsUsed;
  const int sameTick = counter->loopStart / counter->cyclesPerTick == tick;
  counter->loopStart = clock->cycles;
  clock->microsRead = clock->doorsUsed = 0;
  if (!quiet) {
    counter->haveSnapshot = 0;
    return;
  }
  if (counter->patience) {
    --counter->patience;
    return;
  }
  if (counter->haveSnapshot &&
      memcmp(counter->snapshot, counter->variables, counter->variableBytes) == 0) {
    counter->backoff = 0;
    if (sameTick) {
      idleUntil(counter, (tick + 1) * counter->cyclesPerTick);
      counter->loopStart = clock->cycles;
    }
    return;
  }
  // A loop() that changes something each time: look again only now and then.
  if (counter->haveSnapshot) {
    counter->backoff = counter->backoff < 64 ? 2 * counter->backoff + 1 : 64;
    counter->patience = counter->backoff;
    counter->haveSnapshot = 0;
    return;
  }
  memcpy(counter->snapshot, counter->variables, counter->variableBytes);
  counter->haveSnapshot = 1;
}

static void playRole(Counter* counter, const Block* block, uint32_t address) {
  if (block->role & kReturnPoint) {
    closeCalls(counter, address, counter->instructions - block->blockInstructions,
               counter->clock->cycles - block->blockCycles);
  }
  if (block->role & kMarkedFunction) openCall(counter, block);
  if (block->role & kWait) idleUntil(counter, counter->clock->wake);
  if (block->role & kLoopEnd) endLoop(counter);
}

// The emulator has stopped at the end of the program, an address whose block is never executed.
EXPORT void countEnd(Counter* counter, uint32_t address) {
  closeCalls(counter, address, counter->instructions, counter->clock->cycles);
}

// Called by the emulator before every basic block.
EXPORT void countBlock(void* engine, uint64_t address64, uint32_t size, void* data) {
  Counter* counter = data;
  const uint32_t address = (uint32_t)address64;
  Block* block = blockAt(counter, address);
  if (!block) return;  // outside the flash: the emulator reports the fault
  const int split = counter->before && counter->before->role & kInsideIt;
  if (counter->clock->cycles >= counter->deadline && !split) {
    counter->stop(engine);  // the block is not executed now, but when the emulator is started again
    return;
  }
  if (block->size != size) decodeBlock(counter, block, address, size);

  if (address != counter->next && counter->before) {
    counter->before->cycles += 2;  // the block before ended in a branch, and it was taken
    counter->clock->cycles += 2;
  }
  counter->before = block;
  counter->next = address + size;

  block->instructions += block->blockInstructions;
  block->cycles += block->blockCycles;
  counter->instructions += block->blockInstructions;
  counter->clock->cycles += block->blockCycles;

  if (block->role) playRole(counter, block, address);
}

// Whether an instruction wants its address to be a multiple of 4: LDM, STM, LDRD, STRD, VLDR and
// the like. Plain loads and stores do not (ARM DDI 0403, section A3.2.1).
static int wantsAlignment(uint32_t first) {
  return first >> 12 == 0xc || (first & 0xfe00) == 0xe800 || (first & 0xfe00) == 0xec00;
}

// Called by the emulator, which does not mind, at every access to memory.
EXPORT void checkAccess(void* engine, int type, uint64_t address, int size, int64_t value,
                        void* data) {
  (void)type, (void)value;
  Counter* counter = data;
  if (size < 4 || (address & 3) == 0) return;
  uint32_t pc = 0;
  counter->readRegister(engine, kRegisterPc, &pc);
  if (!blockAt(counter, pc) || !wantsAlignment(half(counter->flash + pc - counter->flashStart))) {
    return;
  }
  if (counter->unalignedPc == 0) {
    counter->unalignedPc = pc;
    counter->unalignedAddress = (uint32_t)address;
  }
  counter->stop(engine);
}
