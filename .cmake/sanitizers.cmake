# SPDX-License-Identifier: MIT

# loopscope::sanitizers: compiles and links with what LOOPSCOPE_SANITIZE names, for instance "address,undefined".
add_library(loopscope_sanitizers INTERFACE)
add_library(loopscope::sanitizers ALIAS loopscope_sanitizers)
if(LOOPSCOPE_SANITIZE)
  set(sanitized_optimisation -O1)
  if(LOOPSCOPE_SANITIZE MATCHES address)
    set(sanitized_optimisation -O0)  # compiles in half the time
  endif()
  # vptr opens a pipe to see whether an address can be read, and takes a failure for a bad object: in a process that
  # has no descriptor left, as some tests make it, it would report a defect where there is none.
  target_compile_options(loopscope_sanitizers INTERFACE
    -fsanitize=${LOOPSCOPE_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all ${sanitized_optimisation}
    # Clang 14 cannot place what "function" needs in front of a coroutine. At -g1 it leaves out the ranges by which libdw
    # finds lines, and the namespaces of functions.
    "$<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=function;-gdwarf-aranges;-fdebug-info-for-profiling>")
  target_link_options(loopscope_sanitizers INTERFACE -fsanitize=${LOOPSCOPE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL Clang AND LOOPSCOPE_SANITIZE MATCHES address)
    # Tests preload a malloc that fails, so AddressSanitizer's must be in a library, as GCC has it.
    execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-runtime-dir OUTPUT_VARIABLE runtime_dir
      OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    target_link_options(loopscope_sanitizers INTERFACE -shared-libasan -Wl,-rpath,${runtime_dir})
  endif()
endif()
