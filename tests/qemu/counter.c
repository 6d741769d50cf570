// A plugin for QEMU 7.2 or later that counts what a Cortex-M program executes between two marks.
//
//   gcc -O2 -shared -fPIC counter.c -o counter.so
//   qemu-system-arm ... -plugin file=counter.so,out=FILE,begin=ADDRESS,end=ADDRESS
//
// `begin` and `end` are functions (hexadecimal addresses, without the Thumb bit). FILE gets one line
// "address instructions cycles" per block of code that ran between them. Cycles are the estimate of
// tinykit.board: 1 per instruction, LDR 2, LDRD and STRD 3, LDM and STM 1 + N, divide 7, and 2 for
// every taken branch, which is counted to the block that it enters.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The part of qemu-plugin.h (version 1 of its interface) that is used here.
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb*);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb*, size_t);
const void* qemu_plugin_insn_data(const struct qemu_plugin_insn*);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn*);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn*);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t,
                                           void (*)(qemu_plugin_id_t, struct qemu_plugin_tb*));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb*, void (*)(unsigned, void*), int,
                                          void*);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void*), void*);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

typedef struct Block {
  uint64_t start, end;
  uint64_t instructions, cycles;        // of one execution
  uint64_t executions, taken_branches;  // between the marks
  struct Block* next;
} Block;

static Block* blocks;
static uint64_t begin_mark, end_mark, previous_end;
static int counting;
static char out_path[1024];

static unsigned bits(unsigned x) { return (unsigned)__builtin_popcount(x); }

static unsigned cycles16(unsigned op) {
  if ((op & 0xf800) == 0x4800) return 2;                               // LDR, literal
  if ((op & 0xf000) == 0x5000) return ((op >> 9) & 7) >= 3 ? 2 : 1;    // register offset
  if ((op & 0xe000) == 0x6000) return op & 0x800 ? 2 : 1;              // words and bytes
  if ((op & 0xe000) == 0x8000) return op & 0x800 ? 2 : 1;              // halfwords, stack
  if ((op & 0xf000) == 0xc000) return 1 + bits(op & 0xff);             // LDM, STM
  if ((op & 0xf600) == 0xb400) return 1 + bits(op & 0x1ff);            // PUSH, POP
  return 1;
}

static unsigned cycles32(unsigned op, unsigned op2) {
  if ((op & 0xfe40) == 0xe800) return 1 + bits(op2);                   // LDM, STM
  if ((op & 0xfff0) == 0xe8d0) return 2;                               // TBB, TBH
  if ((op & 0xfe40) == 0xe840) return op & 0x0120 ? 3 : 2;             // LDRD, STRD; exclusive
  if ((op & 0xfe10) == 0xf810) return 2;                               // LDR of any width
  if ((op & 0xffd0) == 0xfb90 && (op2 & 0xf0) == 0xf0) return 7;       // SDIV, UDIV
  if ((op & 0xff30) == 0xed10 && (op2 & 0xe00) == 0xa00) return 2;     // VLDR
  if ((op & 0xfe00) == 0xec00 && (op2 & 0xe00) == 0xa00) return 1 + (op2 & 0xff);  // VLDM, VSTM
  if ((op & 0xffb0) == 0xee80 && (op2 & 0xf50) == 0xa00) return 14;    // VDIV
  if ((op & 0xffbf) == 0xeeb1 && (op2 & 0xfd0) == 0xac0) return 14;    // VSQRT
  return 1;
}

static void executed(unsigned cpu, void* data) {
  (void)cpu;
  Block* block = data;
  if (block->start == begin_mark) {  // the last inference is the one that is reported
    for (Block* b = blocks; b; b = b->next) b->executions = b->taken_branches = 0;
    counting = 1;
  }
  if (block->start == end_mark) counting = 0;
  if (counting) {
    block->executions++;
    block->taken_branches += block->start != previous_end;
  }
  previous_end = block->end;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb* tb) {
  (void)id;
  Block* block = calloc(1, sizeof(Block));
  block->instructions = qemu_plugin_tb_n_insns(tb);
  for (size_t i = 0; i < block->instructions; i++) {
    struct qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(tb, i);
    uint16_t code[2];
    size_t size = qemu_plugin_insn_size(instruction);
    memcpy(code, qemu_plugin_insn_data(instruction), size);
    block->cycles += size == 2 ? cycles16(code[0]) : cycles32(code[0], code[1]);
    block->end = qemu_plugin_insn_vaddr(instruction) + size;
    if (i == 0) block->start = qemu_plugin_insn_vaddr(instruction);
  }
  block->next = blocks;
  blocks = block;
  qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, block);
}

static void finished(qemu_plugin_id_t id, void* data) {
  (void)id, (void)data;
  FILE* out = fopen(out_path, "w");
  for (Block* b = blocks; b && out; b = b->next) {
    if (!b->executions) continue;
    fprintf(out, "%llx %llu %llu\n", (unsigned long long)b->start,
            (unsigned long long)(b->executions * b->instructions),
            (unsigned long long)(b->executions * b->cycles + 2 * b->taken_branches));
  }
  if (out) fclose(out);
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id,
                                                               const void* info, int argc,
                                                               char** argv) {
  (void)info;
  for (int i = 0; i < argc; i++) {
    if (!strncmp(argv[i], "out=", 4)) snprintf(out_path, sizeof out_path, "%s", argv[i] + 4);
    if (!strncmp(argv[i], "begin=", 6)) begin_mark = strtoull(argv[i] + 6, NULL, 16);
    if (!strncmp(argv[i], "end=", 4)) end_mark = strtoull(argv[i] + 4, NULL, 16);
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, finished, NULL);
  return 0;
}
