#include "wzp/version.hpp"

namespace wzp {

const char* version() noexcept { return WZP_VERSION_STRING; }

}  // namespace wzp
