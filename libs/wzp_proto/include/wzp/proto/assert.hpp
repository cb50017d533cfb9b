/// \file
/// WZP_ASSERT(condition): an internal invariant, checked in Debug, sanitizer and fuzzing builds.
/// It never guards against input.
#pragma once

#if defined(WZP_ENABLE_ASSERTS)
#include <cstdio>
#include <cstdlib>
#define WZP_ASSERT(condition)                                                                \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)
#else
#define WZP_ASSERT(condition) static_cast<void>(sizeof(condition))
#endif
