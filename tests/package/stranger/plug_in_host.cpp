// SPDX-License-Identifier: MIT

// Loads the plug-in twice, as a host that reloads its plug-ins does.
#include <dlfcn.h>

#include <iostream>

int main(int, char** arguments) {
  for (int turn = 0; turn < 2; ++turn) {
    void* const plug_in = dlopen(arguments[1], RTLD_NOW);
    if (plug_in == nullptr) {
      std::cerr << dlerror() << std::endl;
      return 1;
    }
    std::cout << reinterpret_cast<const char* (*)()>(dlsym(plug_in, "newest_sentence"))() << std::endl;
    dlclose(plug_in);
  }
}
