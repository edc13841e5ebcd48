/* Checks without a lock or an atomic variable, which would order the threads and hide data races.
 */
#ifndef EXPECT_H
#define EXPECT_H

#include <safetensors/safetensors.h>
#include <stdio.h>

/* Failures of this thread. */
extern __thread unsigned long failures;

#define EXPECT(condition) \
  ((condition) ? (void)0  \
               : (void)(++failures, printf("%s:%d: %s\n", __FILE__, __LINE__, #condition)))
#define EXPECT_STATUS(call, expected) EXPECT((call) == (expected))
#define EXPECT_FAILS(call, expected, error) \
  EXPECT((call) == (expected) && (error)->code == (expected) && (error)->message[0] != '\0')

#endif
