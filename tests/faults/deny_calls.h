/* A seccomp filter that denies chosen system calls to the calling process and its children, as
 * sandboxes do. */
#ifndef DENY_CALLS_H
#define DENY_CALLS_H

#ifdef __cplusplus
extern "C" {
#endif

/* Installs the filter; it cannot be removed. A rule is CALL=REACTION. CALL is one of the table in
 * deny_calls.c: the name of a system call, or a name for one with certain flags ("open_tmpfile").
 * REACTION is the errno value that the call fails with, SIGKILL (the process is killed before the
 * call) or SIGSYS (the signal is raised instead of the call). Returns 0, or -1 with errno set:
 * EINVAL for an unknown rule, else why the kernel refused the filter. */
int deny_calls(const char* const* rules, int count);

#ifdef __cplusplus
}
#endif

#endif
