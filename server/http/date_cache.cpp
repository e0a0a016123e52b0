#include "date_cache.hpp"

#include <algorithm>
#include <cstdio>

namespace loopscope::http {
namespace {

// strftime would speak the process's locale.
constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

std::string_view date_cache::at(std::time_t now) {
  if (now != formatted_) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    const int written =
        std::snprintf(text_, sizeof text_, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[parts.tm_wday], parts.tm_mday,
                      months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
    size_ = std::min(static_cast<std::size_t>(written), sizeof text_ - 1);
    formatted_ = now;
  }
  return {text_, size_};
}

std::string_view date_cache::now() {
  std::timespec moment{};
  clock_gettime(CLOCK_REALTIME_COARSE, &moment);
  return at(moment.tv_sec);
}

}  // namespace loopscope::http
