#include "percentiles.hpp"

#include <algorithm>
#include <cmath>

namespace loopscope::probe {

namespace acc = boost::accumulators;

percentiles::percentiles(const std::vector<double>& sample) : set_(acc::tag::tail<whole>::cache_size = sample.size()) {
  for (const double value : sample) set_(value);
}

std::size_t percentiles::count() const {
  return acc::count(set_);
}

std::optional<double> percentiles::at(double quantile) const {
  if (count() == 0) return std::nullopt;
  const double value = acc::quantile(set_, acc::quantile_probability = quantile);
  return std::isnan(value) ? acc::max(set_) : value;  // the library has no quantile for the last rank
}

std::optional<double> percentiles::max() const {
  if (count() == 0) return std::nullopt;
  return acc::max(set_);
}

std::optional<double> percentiles::mean() const {
  if (count() == 0) return std::nullopt;
  return acc::mean(set_);
}

std::optional<double> percentiles::standard_deviation() const {
  if (count() == 0) return std::nullopt;
  return std::sqrt(std::max(0.0, acc::variance(set_)));
}

std::size_t percentiles::count_up_to(double value) const {
  const auto ascending = acc::tail(set_);
  return static_cast<std::size_t>(std::upper_bound(ascending.begin(), ascending.end(), value) - ascending.begin());
}

}  // namespace loopscope::probe
