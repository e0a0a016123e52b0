# SPDX-License-Identifier: MIT

# loopscope::warnings: the warnings that every target of the project compiles with.
add_library(loopscope_warnings INTERFACE)
add_library(loopscope::warnings ALIAS loopscope_warnings)
target_compile_options(loopscope_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  # GCC 12 takes the allocator of an inlined coroutine frame for a plain operator new (bug 109224's family).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
  # In a unity build every source file looks like a header, whose local types it finds suspicious.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wno-subobject-linkage>
  $<$<BOOL:${LOOPSCOPE_WERROR}>:-Werror>)
if(LOOPSCOPE_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Asio fences; ThreadSanitizer models its mutexes, which is what the code relies on.
  target_compile_options(loopscope_warnings INTERFACE -Wno-tsan)
endif()
