// Cycles in which the processor waits for its flash memory, in addition to those of counter.c.
//
// nRF52840 (Product Specification, chapters "CPU" and "NVMC", infocenter.nordicsemi.com/topic/
// ps_nrf52840): flash is slower than the processor. RAM has 0 wait states, flash 2 with the
// instruction cache off and at most 3 with it on (W_RAM, W_FLASH, W_FLASHCACHE). The cache holds
// 2048 bytes, instructions alone (the ICODE bus); a hit has 0 wait states. What a program reads as
// data - weights, tables, literals - comes over the DCODE bus and is never cached.
//
// Not documented, and assumed here:
// - A line of the cache has 16 bytes, a set two lines, and the one used longer ago is replaced: so
//   the cache of the nRF5340 (its specification, chapter "CACHE"), by the same maker. That code is
//   read in rows of 16 bytes fits what others have measured on an nRF52840: a loop takes 4, 5 or 6
//   cycles as it begins at a multiple of 16, 8 or 2 (github.com/rust-embedded/cortex-m/issues/151).
// - A miss takes 3 wait states for the whole line; no line is fetched before it is asked for.
// - A word read as data takes 2 wait states, as without the cache: it does not go through it.
// - The cache is on. It is off after a reset, and nothing that we know of says what Arduino's core
//   does: the benchmark sketch (tinykit/export/benchmark.py) reads it from the board.
// What a board measures corrects the sum (tinykit/board/measuring.py).
//
// To look at every access would make the emulator four times slower. So a block is decoded once:
// which loads read where, as a sum of registers; and the registers are looked at when it begins. Of
// the words that compiled models read from flash it finds 98 in a hundred and more
// (tests/board/virtual/test_flash.py).
#include "counter.h"

enum { kNone = -1, kSp = 13, kLr = 14, kPc = 15 };

// What is known of a register's value inside of a block: constant + base + (index << shift), or
// what stands in memory there, + offset.
typedef struct {
  uint32_t constant, offset;
  int8_t base, index;
  uint8_t shift, follows, known;
} Value;

typedef struct {
  Counter* counter;
  Block* block;
  uint32_t pc;  // of the instruction, + 4
  Value registers[16];
} Decoder;

static const Value kUnknown = {0, 0, kNone, kNone, 0, 0, 0};

static Value number(uint32_t constant) { return (Value){constant, 0, kNone, kNone, 0, 0, 1}; }

static Value indexed(uint32_t constant, int index, uint32_t shift) {
  return (Value){constant, 0, kNone, (int8_t)index, (uint8_t)shift, 0, 1};
}

static int isNumber(Value value) {
  return value.known && !value.follows && value.base < 0 && value.index < 0;
}

static Value plus(Value value, uint32_t constant) {
  if (value.follows) value.offset += constant;
  else value.constant += constant;
  return value;
}

static Value shiftedLeft(Value value, uint32_t shift) {
  if (shift == 0 || !value.known) return value;
  if (isNumber(value)) return number(value.constant << shift);
  if (value.follows || value.base < 0 || value.index >= 0) return kUnknown;
  return indexed(value.constant << shift, value.base, shift);
}

// The sum of two values, where it can be written with one base and one index.
static Value sum(Value a, Value b) {
  if (isNumber(a)) return plus(b, a.constant);
  if (isNumber(b)) return plus(a, b.constant);
  if (!a.known || !b.known || a.follows || b.follows) return kUnknown;
  Value result = plus(a, b.constant);
  const int8_t terms[2] = {b.base, b.index};
  for (int i = 0; i < 2; ++i) {
    const uint8_t shift = i == 1 ? b.shift : 0;
    if (terms[i] < 0) continue;
    if (result.base < 0 && shift == 0) {
      result.base = terms[i];
    } else if (result.index < 0) {
      result.index = terms[i];
      result.shift = shift;
    } else {
      return kUnknown;
    }
  }
  return result;
}

static int isFlash(const Counter* counter, uint32_t address) {
  return address - counter->flashStart < counter->flashBytes;
}

static int isSameRead(const Read* read, Value address) {
  return read->base == address.base && read->index == address.index &&
         read->shift == address.shift && read->follows == address.follows &&
         (!address.follows || read->constant == address.constant);
}

// Notes that `words` are read from an address. What is not known is taken for RAM; the stack is.
static void noteRead(Decoder* decoder, Value address, uint32_t words) {
  Counter* counter = decoder->counter;
  Block* block = decoder->block;
  if (!address.known) return;
  if (!address.follows && (address.base == kSp || address.index == kSp)) return;
  if (isNumber(address)) {
    if (isFlash(counter, address.constant)) block->flashWords += (uint16_t)words;
    return;
  }
  Read* reads = counter->reads + block->firstRead;
  for (uint32_t i = 0; i < block->readCount; ++i) {
    if (!isSameRead(&reads[i], address)) continue;
    reads[i].words += words;
    return;
  }
  if (counter->readCount == counter->readRoom) return;  // machine.py looks at readCount
  reads[block->readCount++] = (Read){address.constant, address.offset,  address.base, address.index,
                                     address.shift,    address.follows, words};
  ++counter->readCount;
}

// The word in memory at an address; 0 where there is no memory.
static uint32_t wordAt(const Counter* counter, uint32_t address) {
  const uint8_t* place = 0;
  if (address - counter->flashStart <= counter->flashBytes - 4) {
    place = counter->flash + (address - counter->flashStart);
  } else if (address - counter->ramStart <= counter->ramBytes - 4) {
    place = counter->ram + (address - counter->ramStart);
  }
  return place ? half(place) | half(place + 2) << 16 : 0;
}

// What a word that is loaded from an address is: perhaps a pointer that the block follows. (One
// that the block itself has written before is read as it was when the block began.)
static Value loaded(const Decoder* decoder, Value address) {
  if (!address.known || address.follows) return kUnknown;
  if (isNumber(address) && isFlash(decoder->counter, address.constant)) {
    return number(wordAt(decoder->counter, address.constant));
  }
  address.follows = 1;
  address.offset = 0;
  return address;
}

// Loads a word, and notes it.
static Value load(Decoder* decoder, Value address) {
  noteRead(decoder, address, 1);
  return loaded(decoder, address);
}

static void decodeNarrow(Decoder* decoder, uint32_t op) {
  Value* r = decoder->registers;
  const uint32_t low = op & 7, middle = op >> 3 & 7, high = op >> 8 & 7, byte = op & 0xff;
  switch (op >> 11) {
    case 0x00: r[low] = shiftedLeft(r[middle], op >> 6 & 31); break;         // LSL, MOV
    case 0x01: case 0x02: r[low] = kUnknown; break;                          // LSR, ASR
    case 0x03: {                                                            // ADD, SUB
      const uint32_t number3 = op >> 6 & 7;
      if (op & 0x400) r[low] = plus(r[middle], op & 0x200 ? -number3 : number3);
      else r[low] = op & 0x200 ? kUnknown : sum(r[middle], r[number3]);
      break;
    }
    case 0x04: r[high] = number(byte); break;                                // MOV
    case 0x06: r[high] = plus(r[high], byte); break;                         // ADD
    case 0x07: r[high] = plus(r[high], -byte); break;                        // SUB
    case 0x08: {
      const uint32_t to = (op >> 4 & 8) | low, from = op >> 3 & 15;
      if ((op & 0x700) == 0x400) r[to] = sum(r[to], r[from]);                // ADD
      else if ((op & 0x700) == 0x600) r[to] = r[from];                       // MOV
      else if ((op & 0x400) == 0 && (op >> 6 & 15) != 8 && (op >> 6 & 14) != 10) {
        r[low] = kUnknown;                                                   // not TST, CMP, CMN
      }
      break;
    }
    case 0x09: r[high] = load(decoder, number((decoder->pc & ~3u) + 4 * byte)); break;
    case 0x0a: case 0x0b:                                                    // register offset
      if ((op >> 9 & 7) < 3) break;                                          // a store
      r[low] = load(decoder, sum(r[middle], r[op >> 6 & 7]));
      break;
    case 0x0d: r[low] = load(decoder, plus(r[middle], 4 * (op >> 6 & 31))); break;  // LDR
    case 0x0f: case 0x11:                                                    // LDRB, LDRH
      noteRead(decoder, plus(r[middle], op >> 6 & 31), 1);
      r[low] = kUnknown;
      break;
    case 0x13: r[high] = load(decoder, plus(r[kSp], 4 * byte)); break;       // LDR
    case 0x14: r[high] = number((decoder->pc & ~3u) + 4 * byte); break;      // ADR
    case 0x15: r[high] = plus(r[kSp], 4 * byte); break;
    case 0x16: case 0x17:
      if ((op & 0xfe00) == 0xbc00) {                                         // POP
        for (uint32_t i = 0; i < 8; ++i) if (op >> i & 1) r[i] = kUnknown;
      } else if ((op & 0xff00) == 0xb200 || (op & 0xff00) == 0xba00) {
        r[low] = kUnknown;                                                   // SXTH ... REV
      }
      break;
    case 0x18: r[high] = plus(r[high], 4 * countBits(byte)); break;          // STM
    case 0x19: {                                                            // LDM
      const Value from = r[high];
      noteRead(decoder, from, countBits(byte));
      for (uint32_t i = 0; i < 8; ++i) if (byte >> i & 1) r[i] = kUnknown;
      if (!(byte >> high & 1)) r[high] = plus(from, 4 * countBits(byte));
      break;
    }
    default: break;  // compares and branches
  }
}

// The constant of "data processing (modified immediate)", ARM DDI 0403, section A5.3.2.
static uint32_t expanded(uint32_t first, uint32_t second) {
  const uint32_t code = (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | (second & 0xff);
  const uint32_t byte = code & 0xff;
  switch (code >> 8) {
    case 0: return byte;
    case 1: return byte << 16 | byte;
    case 2: return byte << 24 | byte << 8;
    case 3: return byte * 0x01010101u;
    default: {
      const uint32_t rotation = code >> 7, bits = 0x80 | (code & 0x7f);
      return bits >> rotation | bits << (32 - rotation);
    }
  }
}

// LDM, STM, LDRD, STRD and their like: first is 0xe8.. or 0xe9...
static void decodeMultiple(Decoder* decoder, uint32_t first, uint32_t second) {
  Value* r = decoder->registers;
  const uint32_t base = first & 15, loads = first & 0x10;
  Value from = r[base];
  if ((first & 0x40) == 0) {
    const uint32_t bytes = 4 * countBits(second);
    const Value moved = plus(from, first & 0x100 ? -bytes : bytes);
    if (loads) noteRead(decoder, from, bytes / 4);
    for (uint32_t i = 0; loads && i < 16; ++i) if (second >> i & 1) r[i] = kUnknown;
    if (first & 0x20) r[base] = moved;
  } else if ((first & 0x0120) == 0) {  // exclusive accesses, table branches
    if ((first & 0xfff0) == 0xe8d0 && (second & 0xffe0) == 0xf000) {
      noteRead(decoder, base == kPc ? number(decoder->pc) : from, 1);  // TBB, TBH
    } else {
      r[second >> 12] = kUnknown;
    }
  } else {
    const uint32_t offset = first & 0x80 ? 4 * (second & 0xff) : -4 * (second & 0xff);
    if (base == kPc) from = number(decoder->pc & ~3u);
    if (loads) {
      const Value place = first & 0x100 ? plus(from, offset) : from;
      noteRead(decoder, place, 2);
      r[second >> 12] = loaded(decoder, place);
      r[second >> 8 & 15] = loaded(decoder, plus(place, 4));
    }
    if (first & 0x20) r[base] = plus(from, offset);
  }
}

// LDR, STR and their like, 0xf8.. and 0xf9...
static void decodeSingle(Decoder* decoder, uint32_t first, uint32_t second) {
  Value* r = decoder->registers;
  const uint32_t base = first & 15, to = second >> 12, loads = first & 0x10;
  Value address = r[base], moved = r[base];
  int writesBack = 0;
  if (base == kPc) {
    address = moved = number(decoder->pc & ~3u);
    address = plus(address, first & 0x80 ? second & 0xfff : -(second & 0xfff));
  } else if (first & 0x80) {
    address = plus(address, second & 0xfff);
  } else if (second & 0x800) {
    const uint32_t offset = second & 0x200 ? second & 0xff : -(second & 0xff);
    moved = plus(moved, offset);
    if (second & 0x400) address = moved;
    writesBack = second & 0x100;
  } else {
    address = sum(address, shiftedLeft(r[second & 15], second >> 4 & 3));
  }
  const int hint = to == kPc && (first & 0x40) == 0;  // PLD and PLI read nothing
  if (loads && !hint) {
    const Value value = load(decoder, address);
    r[to] = (first & 0x0170) == 0x0050 ? value : kUnknown;  // a whole word
  }
  if (writesBack) r[base] = moved;
}

// Instructions that compute, with a constant (0xf0.. to 0xf3..) or a register (0xea.., 0xeb..).
static void decodeArithmetic(Decoder* decoder, uint32_t first, uint32_t second) {
  Value* r = decoder->registers;
  const uint32_t from = first & 15, to = second >> 8 & 15;
  const Value a = from == kPc ? number(decoder->pc & ~3u) : r[from];
  const uint32_t op = first >> 5 & 15;
  Value result = kUnknown;
  if (first >> 9 == 0x75) {
    const uint32_t shift = (second >> 12 & 7) << 2 | (second >> 6 & 3);
    const Value b = second >> 4 & 3 ? kUnknown : shiftedLeft(r[second & 15], shift);
    if (op == 2 && from == kPc) result = b;  // MOV, LSL
    if (op == 8) result = sum(a, b);         // ADD
  } else if (first & 0x200) {
    const uint32_t low = (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | (second & 0xff);
    const uint32_t wide = from << 12 | low;
    switch (first >> 4 & 31) {
      case 0x00: result = plus(a, low); break;   // ADDW, ADR
      case 0x0a: result = plus(a, -low); break;  // SUBW, ADR
      case 0x04: result = number(wide); break;   // MOVW
      case 0x0c:                                 // MOVT
        if (isNumber(r[to])) result = number((r[to].constant & 0xffff) | wide << 16);
        break;
      default: break;  // bit fields, saturation
    }
  } else {
    const uint32_t constant = expanded(first, second);
    if (op == 2 && from == kPc) result = number(constant);   // MOV
    if (op == 3 && from == kPc) result = number(~constant);  // MVN
    if (op == 8) result = plus(a, constant);                 // ADD
    if (op == 13) result = plus(a, -constant);               // SUB
    if (op == 0 || op == 1) result = a;  // AND, BIC: an address that is rounded stays where it is
  }
  if (to != kPc) r[to] = result;  // else TST, TEQ, CMP, CMN
}

// The floating-point unit: its loads, and what it moves to the processor's registers.
static void decodeFloat(Decoder* decoder, uint32_t first, uint32_t second) {
  Value* r = decoder->registers;
  const uint32_t base = first & 15, bytes = 4 * (second & 0xff);
  if ((first & 0xfe00) == 0xec00) {
    if ((first & 0x1e0) == 0x040) {  // VMOV of two registers
      if (first & 0x10) r[base] = r[second >> 12] = kUnknown;
      return;
    }
    const Value from = base == kPc ? number(decoder->pc & ~3u) : r[base];
    if ((first & 0x0120) == 0x0100) {  // VLDR
      if (first & 0x10) noteRead(decoder, plus(from, first & 0x80 ? bytes : -bytes),
                                 1 + (second >> 8 & 1));
      return;
    }
    if (first & 0x10) noteRead(decoder, from, bytes / 4);  // VLDM
    if (first & 0x20) r[base] = plus(from, first & 0x80 ? bytes : -bytes);
  } else if ((first & 0xff10) == 0xee10 && (second & 0x10) && second >> 12 != kPc) {
    r[second >> 12] = kUnknown;  // VMOV, VMRS
  }
}

static void decodeWide(Decoder* decoder, uint32_t first, uint32_t second) {
  Value* r = decoder->registers;
  if ((first & 0xec00) == 0xec00) {
    decodeFloat(decoder, first, second);
  } else if ((first & 0xfe00) == 0xe800) {
    decodeMultiple(decoder, first, second);
  } else if ((first & 0xfe00) == 0xea00 || (first & 0xf800) == 0xf000) {
    if (first >> 11 == 0x1e && second & 0x8000) return;  // branches
    decodeArithmetic(decoder, first, second);
  } else if ((first & 0xfe00) == 0xf800) {
    decodeSingle(decoder, first, second);
  } else {
    r[second >> 8 & 15] = kUnknown;  // shifts, extensions, products
    if ((first & 0xff80) == 0xfb80) r[second >> 12] = kUnknown;  // two results
  }
}

// Decodes which words a block reads, and from where.
void findReads(Counter* counter, Block* block, uint32_t address) {
  if (!counter->readWait) return;
  Decoder decoder = {counter, block, 0, {{0}}};
  for (int i = 0; i < 16; ++i) {
    decoder.registers[i] = (Value){0, 0, (int8_t)i, kNone, 0, 0, i != kPc};
  }
  block->firstRead = counter->readCount;
  block->readCount = 0;
  block->flashWords = 0;
  const uint32_t end = address + block->size;
  while (address + 2 <= end) {
    const uint8_t* code = counter->flash + address - counter->flashStart;
    const uint32_t first = half(code);
    decoder.pc = address + 4;
    if (isWide(first)) {
      decodeWide(&decoder, first, half(code + 2));
      address += 4;
    } else {
      decodeNarrow(&decoder, first);
      address += 2;
    }
  }
}

static uint32_t registerNow(const Counter* counter, int8_t number) {
  if (number < 0) return 0;
  uint32_t value = 0;
  const int unicorns = number == kLr   ? kRegisterLr
                       : number == kSp ? kRegisterSp
                                       : kRegisterR0 + number;
  counter->readRegister(counter->engine, unicorns, &value);
  return value;
}

static uint32_t wordsFromFlash(const Counter* counter, const Block* block) {
  uint32_t words = block->flashWords;
  const Read* read = counter->reads + block->firstRead;
  for (uint32_t i = 0; i < block->readCount; ++i, ++read) {
    uint32_t address = read->constant + registerNow(counter, read->base) +
                       (registerNow(counter, read->index) << read->shift);
    if (read->follows) address = wordAt(counter, address) + read->offset;
    if (isFlash(counter, address)) words += read->words;
  }
  return words;
}

// Fetches the block's lines through the cache; returns how many were not there.
static uint32_t missedLines(Counter* counter, const Block* block, uint32_t address) {
  if (block == counter->before) return 0;  // it goes round in itself
  uint32_t missed = 0;
  const uint32_t last = (address + block->size - 1) >> counter->lineShift;
  for (uint32_t line = address >> counter->lineShift; line <= last; ++line) {
    uint32_t* set = counter->cache[line & (counter->sets - 1)];  // the line used last stands first
    if (set[0] == line) continue;
    if (set[1] != line) ++missed;
    set[1] = set[0];
    set[0] = line;
  }
  return missed;
}

// Cycles that one execution of a block waits, at its beginning.
uint32_t flashWaits(Counter* counter, const Block* block, uint32_t address) {
  if (!counter->readWait) return 0;
  return counter->fetchWait * missedLines(counter, block, address) +
         counter->readWait * wordsFromFlash(counter, block);
}

// For a test: called by the emulator at every read from flash, it counts the words one by one.
EXPORT void countRead(void* engine, int type, uint64_t address, int size, int64_t value,
                      void* data) {
  (void)engine, (void)type, (void)address, (void)value;
  ((Counter*)data)->flashReads += size > 4 ? 2 : 1;
}
