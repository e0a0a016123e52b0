# loopscope::sanitizers: compiles and links with what LOOPSCOPE_SANITIZE names, for instance "address,undefined".
add_library(loopscope_sanitizers INTERFACE)
add_library(loopscope::sanitizers ALIAS loopscope_sanitizers)
if(LOOPSCOPE_SANITIZE)
  # vptr opens a pipe to see whether an address can be read, and takes a failure for a bad object: in a process that
  # has no descriptor left, as some tests make it, it would report a defect where there is none.
  target_compile_options(loopscope_sanitizers INTERFACE
    -fsanitize=${LOOPSCOPE_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all -O1
    # Clang 14 cannot place what this check needs in front of a coroutine.
    $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=function>)
  target_link_options(loopscope_sanitizers INTERFACE -fsanitize=${LOOPSCOPE_SANITIZE})
endif()
