// Counts what the emulated processor executes, at native speed. The emulator (Unicorn) calls
// countBlock() before every basic block: a run of instructions with no branch inside. A block is
// decoded the first time it is seen; after that, counting it is a handful of additions.
//
// Compiled for the student's own computer by counter.py. Cycle model: see decodeBlock().
#include "counter.h"

#include <string.h>

// For a test: the structures must be the same in counter.py.
EXPORT const uint32_t structureBytes[] = {sizeof(Block), sizeof(Clock), sizeof(Call), sizeof(Read),
                                          sizeof(Counter)};

static uint32_t lowestBit(uint32_t bits) {
  uint32_t position = 0;
  for (; (bits & 1) == 0; bits >>= 1) ++position;
  return position;
}

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
// a branch that is taken (1 to 3 in the manual), and flash.c the waits for the flash. Simpler than
// the manual: MLA and MLS take 1 (there 2), loads in a row 2 each (there 1 more for each after the
// first).
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
  findReads(counter, block, address);
}

static Count countNow(const Counter* counter) {
  return (Count){counter->instructions, counter->clock->cycles, counter->waits};
}

static Count difference(Count a, Count b) {
  return (Count){a.instructions - b.instructions, a.cycles - b.cycles, a.waits - b.waits};
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
  call->count = countNow(counter);
  call->interrupts = counter->interrupts;
  Block* back = blockAt(counter, call->returnAddress);
  if (back) back->role |= kReturnPoint;
}

// Execution has come to an address that marked functions return to: note down the ones that did.
static void closeCalls(Counter* counter, uint32_t address) {
  const Count now = countNow(counter);
  while (counter->depth && counter->open[counter->depth - 1].returnAddress == address) {
    const OpenCall* open = &counter->open[--counter->depth];
    if (counter->callCount == counter->callRoom) continue;
    const Count interrupts = difference(counter->interrupts, open->interrupts);
    counter->calls[counter->callCount++] = (Call){
        open->count.cycles, difference(difference(now, open->count), interrupts), open->mark};
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

// A block with a role is about to be counted: calls end and begin before its first instruction.
static void followCalls(Counter* counter, const Block* block, uint32_t address) {
  if (block->role & kReturnPoint) closeCalls(counter, address);
  if (block->role & kMarkedFunction) openCall(counter, block);
}

// It has been counted: time may pass.
static void passTime(Counter* counter, const Block* block) {
  if (block->role & kWait) idleUntil(counter, counter->clock->wake);
  if (block->role & kLoopEnd) endLoop(counter);
}

// The emulator has stopped at the end of the program, an address whose block is never executed.
EXPORT void countEnd(Counter* counter, uint32_t address) {
  closeCalls(counter, address);
}

// Estimated cycles as a real board would have measured them; what a division leaves is kept.
static uint32_t corrected(Counter* counter, uint32_t cycles) {
  const uint64_t exact = (uint64_t)cycles * counter->correction + counter->remainder;
  counter->remainder = exact & 0xffff;
  return (uint32_t)(exact >> 16);
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
    const uint32_t branch = corrected(counter, 2);  // the block before ended in one: it was taken
    counter->before->cycles += branch;
    counter->clock->cycles += branch;
  }
  if (block->role) followCalls(counter, block, address);
  const uint32_t waits = flashWaits(counter, block, address);
  const uint32_t cycles = corrected(counter, block->blockCycles + waits);
  counter->before = block;
  counter->next = address + size;

  block->instructions += block->blockInstructions;
  block->cycles += cycles;
  counter->instructions += block->blockInstructions;
  counter->waits += waits;
  counter->clock->cycles += cycles;

  if (block->role) passTime(counter, block);
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
