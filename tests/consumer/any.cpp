// Links a component and asks it for its version: enough to see that the package is complete.
#include <cstdio>
#include <cstring>

#include "wzp/version.hpp"

int main() {
  std::printf("wzp %s\n", wzp::version());
  return std::strcmp(wzp::version(), WZP_VERSION_STRING);
}
