#pragma once

#include <boost/accumulators/accumulators.hpp>
#include <boost/accumulators/statistics/count.hpp>
#include <boost/accumulators/statistics/max.hpp>
#include <boost/accumulators/statistics/mean.hpp>
#include <boost/accumulators/statistics/stats.hpp>
#include <boost/accumulators/statistics/tail_quantile.hpp>
#include <boost/accumulators/statistics/variance.hpp>
#include <cstddef>
#include <optional>
#include <vector>

namespace loopscope::probe {

/// Percentiles of a sample that is kept whole: the value of rank ceil(quantile * count), not the edge of a histogram's
/// cell. Everything is nothing when the sample is empty.
///
/// Units: those of the sample. Source: Boost.Accumulators, whose tail is as long as the sample.
class percentiles {
 public:
  percentiles() : percentiles(std::vector<double>{}) {}  ///< of nothing
  explicit percentiles(const std::vector<double>& sample);

  std::size_t count() const;
  /// `quantile` above 0, up to 1.
  std::optional<double> at(double quantile) const;
  std::optional<double> max() const;
  std::optional<double> mean() const;
  std::optional<double> standard_deviation() const;
  /// How many of the sample are `value` or less.
  std::size_t count_up_to(double value) const;

 private:
  using whole = boost::accumulators::left;
  using set = boost::accumulators::accumulator_set<
      double, boost::accumulators::stats<boost::accumulators::tag::count, boost::accumulators::tag::max,
                                         boost::accumulators::tag::mean, boost::accumulators::tag::lazy_variance,
                                         boost::accumulators::tag::tail_quantile<whole>>>;
  set set_;
};

}  // namespace loopscope::probe
