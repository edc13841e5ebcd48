#include "faults.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { table_size = 1 << 16, most_descriptors = 4096 };

static int armed;
static faults_plan plan;
static faults_report report;
static long counted; /* of what may fail */
static int killing;
static void* blocks[table_size];
static unsigned char is_open[most_descriptors];

void faults_arm(const faults_plan* given) {
  plan = *given;
  memset(&report, 0, sizeof report);
  report.written_in_order = 1;
  memset(blocks, 0, sizeof blocks);
  memset(is_open, 0, sizeof is_open);
  counted = 0;
  armed = 1;
}

faults_report faults_disarm(void) {
  armed = 0;
  return report;
}

const faults_plan* faults_current(void) {
  return armed ? &plan : NULL;
}

int faults_request(const char* function, int is_memory) {
  const long number = report.requests;
  long place;
  if (!armed) return 0;
  ++report.requests;
  killing = number == plan.kill_at;
  if (killing && !plan.kill_after) raise(SIGKILL);
  if (plan.stop_before && strcmp(plan.stop_before, function) == 0) {
    plan.stop_before = NULL;
    raise(SIGSTOP);
  }
  if (plan.only && strcmp(plan.only, function) != 0) return 0;
  place = counted++;
  if (plan.fail_at < 0 || place < plan.fail_at || (place > plan.fail_at && !plan.forever)) return 0;
  ++report.failed;
  if (!report.first_failed) report.first_failed = function;
  if (is_memory) report.memory_failed = 1;
  if (strcmp(function, "unlinkat") == 0) report.unlink_failed = 1;
  return is_memory ? ENOMEM : plan.os_error;
}

void faults_done(void) {
  if (armed && killing) raise(SIGKILL);
}

static size_t slot_of(const void* block) {
  return ((uintptr_t)block >> 4) * 2654435761u % table_size;
}

void faults_note_block(void* block) {
  size_t slot = slot_of(block);
  if (!armed || !block) return;
  while (blocks[slot])
    slot = (slot + 1) % table_size;
  blocks[slot] = block;
  if (++report.blocks > table_size / 2) abort();
}

void faults_drop_block(void* block) {
  size_t slot = slot_of(block), next, home;
  if (!armed || !block) return;
  while (blocks[slot] && blocks[slot] != block)
    slot = (slot + 1) % table_size;
  if (!blocks[slot]) return; /* from before */
  --report.blocks;
  blocks[slot] = NULL;
  for (next = (slot + 1) % table_size; blocks[next]; next = (next + 1) % table_size) {
    home = slot_of(blocks[next]);
    if ((next - home) % table_size < (next - slot) % table_size) continue;
    blocks[slot] = blocks[next];
    blocks[next] = NULL;
    slot = next;
  }
}

void faults_note_descriptor(int descriptor) {
  if (!armed || descriptor < 0 || descriptor >= most_descriptors) return;
  report.descriptors += is_open[descriptor] ? 0 : 1;
  is_open[descriptor] = 1;
}

void faults_drop_descriptor(int descriptor) {
  if (!armed || descriptor < 0 || descriptor >= most_descriptors || !is_open[descriptor]) return;
  is_open[descriptor] = 0;
  --report.descriptors;
}

void faults_note_mapping(long bytes) {
  if (armed) report.mapped_bytes += bytes;
}

void faults_note_written(uint64_t offset, uint64_t count) {
  if (!armed) return;
  if (offset != report.written) report.written_in_order = 0;
  report.written += count;
}

void faults_note_fsync(void) {
  if (armed) ++report.fsyncs;
}

void faults_note_direct(int aligned) {
  if (!armed) return;
  ++report.direct_writes;
  report.unaligned_direct += !aligned;
}
