# loopscope::sanitizers: compiles and links with what LOOPSCOPE_SANITIZE names, for instance "address,undefined".
add_library(loopscope_sanitizers INTERFACE)
add_library(loopscope::sanitizers ALIAS loopscope_sanitizers)
if(LOOPSCOPE_SANITIZE)
  target_compile_options(loopscope_sanitizers INTERFACE
    -fsanitize=${LOOPSCOPE_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(loopscope_sanitizers INTERFACE -fsanitize=${LOOPSCOPE_SANITIZE})
endif()
