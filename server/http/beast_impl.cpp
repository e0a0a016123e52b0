// SPDX-License-Identifier: MIT

// Beast, compiled once.
#include <boost/beast/src.hpp>
