/* Fault injection. A program that is linked with interpose_*.c* stands between the library
 * and libc: while it is armed, it counts what the library asks of the system, refuses what the plan
 * says, and counts what was not released. One thread at a time. */
#ifndef FAULTS_H
#define FAULTS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What happens to the requests, numbered from 0. All zero but `fail_at`: nothing. */
typedef struct faults_plan {
  long fail_at;            /* the first that fails; -1 for none */
  int forever;             /* all after it fail too */
  int os_error;            /* why system calls fail */
  const char* only;        /* only this function fails; `fail_at` counts its calls. NULL for all */
  size_t transfer_limit;   /* bytes that one read or write transfers at most; 0 for no limit */
  int discard_writes;      /* writes succeed and write nothing */
  int tmpfile_error;       /* why O_TMPFILE fails; 0 if it works */
  long kill_at;            /* the process is killed at this request; -1 for not */
  int kill_after;          /* ...once it is done */
  const char* stop_before; /* the process stops (SIGSTOP) before its first call of this function */
  int emulate_clone;       /* ioctl(FICLONERANGE) copies, where the file system cannot share */
} faults_plan;

typedef struct faults_report {
  long requests;            /* how many there were */
  long failed;              /* how many of them failed */
  const char* first_failed; /* the name of the first that failed, or NULL */
  int memory_failed;        /* whether one of them asked for memory */
  int unlink_failed;        /* whether one of them removed a name */
  uint64_t written;         /* bytes, the discarded too */
  int written_in_order;     /* whether each write began where the one before it ended */
  long fsyncs;              /* that succeeded */
  long direct_writes;       /* with O_DIRECT */
  long unaligned_direct;    /* those of them whose offset, size or memory is not aligned to 512 */
  long blocks, descriptors; /* requested while armed and not released */
  long mapped_bytes;
} faults_report;

#define FAULTS_PLAN_INIT \
  { -1, 0, 0, NULL, 0, 0, 0, -1, 0, NULL, 0 }

void faults_arm(const faults_plan* plan);
faults_report faults_disarm(void);

/* For the interposed functions. Counts a request; returns 0 to go on, or the errno value to fail
 * with. */
int faults_request(const char* function, int is_memory);
void faults_done(void);                  /* after a request that went on */
const faults_plan* faults_current(void); /* NULL while not armed */
void faults_note_block(void* block);
void faults_drop_block(void* block);
void faults_note_descriptor(int descriptor);
void faults_drop_descriptor(int descriptor);
void faults_note_mapping(long bytes);
void faults_note_written(uint64_t offset, uint64_t count);
void faults_note_fsync(void);
void faults_note_direct(int aligned); /* a write with O_DIRECT */

#ifdef __cplusplus
}
#endif

#endif
