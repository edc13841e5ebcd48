/* Operators new and delete of the host, which replace those of libstdc++ for the whole process. */
#ifndef ALLOCATOR_H
#define ALLOCATOR_H

#ifdef __cplusplus
extern "C" {
#endif

/* Number of allocations that are not freed. An address that was not allocated here ends the
 * process. */
long allocator_live(void);

/* Number of allocations so far. */
long allocator_calls(void);

#ifdef __cplusplus
}
#endif

#endif
