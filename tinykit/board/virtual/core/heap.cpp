// malloc() and free(): a list of blocks in the RAM behind the variables, first fit. And the
// functions of <stdlib.h> that convert and sort.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

namespace {

struct Block {
  size_t size;  // bytes behind this header
  bool used;
  Block* next;
};

}  // namespace

extern "C" {

extern char boardHeap[];
extern char boardHeapEnd[];

static Block* firstBlock = nullptr;

void* malloc(size_t size) {
  size = (size + 7) & ~size_t{7};
  if (firstBlock == nullptr) {
    const size_t room = static_cast<size_t>(boardHeapEnd - boardHeap);
    if (room <= sizeof(Block)) return nullptr;
    firstBlock = reinterpret_cast<Block*>(boardHeap);
    *firstBlock = {room - sizeof(Block), false, nullptr};
  }
  for (Block* block = firstBlock; block != nullptr; block = block->next) {
    while (!block->used && block->next != nullptr && !block->next->used) {  // join free neighbours
      block->size += sizeof(Block) + block->next->size;
      block->next = block->next->next;
    }
    if (block->used || block->size < size) continue;
    if (block->size >= size + sizeof(Block) + 8) {  // leave the rest to others
      Block* rest = reinterpret_cast<Block*>(reinterpret_cast<char*>(block + 1) + size);
      *rest = {block->size - size - sizeof(Block), false, block->next};
      block->size = size;
      block->next = rest;
    }
    block->used = true;
    return block + 1;
  }
  return nullptr;
}

void free(void* memory) {
  if (memory != nullptr) (static_cast<Block*>(memory) - 1)->used = false;
}

void* calloc(size_t count, size_t size) {
  if (size != 0 && count > SIZE_MAX / size) return nullptr;
  void* memory = malloc(count * size);
  if (memory != nullptr) memset(memory, 0, count * size);
  return memory;
}

void* realloc(void* memory, size_t size) {
  void* larger = malloc(size);
  if (larger == nullptr || memory == nullptr) return larger;
  const size_t before = (static_cast<Block*>(memory) - 1)->size;
  memcpy(larger, memory, before < size ? before : size);
  free(memory);
  return larger;
}

void abort() { __builtin_trap(); }

static uint32_t randomState = 1;

void srand(unsigned seed) { randomState = seed; }

// Park and Miller's generator: 48271 x modulo 2^31 - 1.
int rand() {
  randomState = static_cast<uint32_t>(uint64_t{randomState} * 48271 % 0x7fffffff);
  if (randomState == 0) randomState = 1;
  return static_cast<int>(randomState);
}

static int digitOf(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'z') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'Z') return letter - 'A' + 10;
  return 99;
}

unsigned long strtoul(const char* text, char** end, int base) {
  while (*text == ' ' || (*text >= '\t' && *text <= '\r')) ++text;
  const bool negative = *text == '-';
  if (*text == '-' || *text == '+') ++text;
  const bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  if (hexadecimal && (base == 0 || base == 16)) {
    text += 2;
    base = 16;
  }
  if (base == 0) base = *text == '0' ? 8 : 10;
  unsigned long value = 0;
  for (; digitOf(*text) < base; ++text) {
    value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digitOf(*text));
  }
  if (end != nullptr) *end = const_cast<char*>(text);
  return negative ? 0 - value : value;
}

long strtol(const char* text, char** end, int base) {
  return static_cast<long>(strtoul(text, end, base));
}

double strtod(const char* text, char** end) {
  while (*text == ' ' || (*text >= '\t' && *text <= '\r')) ++text;
  const bool negative = *text == '-';
  if (*text == '-' || *text == '+') ++text;
  double value = 0;
  for (; digitOf(*text) < 10; ++text) value = value * 10 + digitOf(*text);
  double place = 1;
  if (*text == '.') {
    for (++text; digitOf(*text) < 10; ++text) {
      value = value * 10 + digitOf(*text);
      place *= 10;
    }
  }
  value /= place;
  if (*text == 'e' || *text == 'E') {
    char* after = nullptr;
    const long exponent = strtol(text + 1, &after, 10);
    text = after;
    for (long i = 0; i < (exponent < 0 ? -exponent : exponent); ++i) {
      value = exponent < 0 ? value / 10 : value * 10;
    }
  }
  if (end != nullptr) *end = const_cast<char*>(text);
  return negative ? -value : value;
}

int atoi(const char* text) { return static_cast<int>(strtol(text, nullptr, 10)); }
long atol(const char* text) { return strtol(text, nullptr, 10); }
double atof(const char* text) { return strtod(text, nullptr); }

// Insertion sort: the arrays on a board are short.
void qsort(void* items, size_t count, size_t size, int (*compare)(const void*, const void*)) {
  char* first = static_cast<char*>(items);
  for (size_t i = 1; i < count; ++i) {
    for (char* item = first + i * size; item > first && compare(item - size, item) > 0;
         item -= size) {
      for (size_t byte = 0; byte < size; ++byte) {
        const char swapped = item[byte];
        item[byte] = item[byte - size];
        item[byte - size] = swapped;
      }
    }
  }
}

}  // extern "C"

void* operator new(size_t size) {
  void* memory = malloc(size);
  if (memory == nullptr) abort();
  return memory;
}
void* operator new[](size_t size) { return operator new(size); }
void operator delete(void* memory) noexcept { free(memory); }
void operator delete[](void* memory) noexcept { free(memory); }
void operator delete(void* memory, size_t) noexcept { free(memory); }
void operator delete[](void* memory, size_t) noexcept { free(memory); }
