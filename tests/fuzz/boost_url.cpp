// Boost.URL, compiled once for the fuzz targets.
#include <boost/url/src.hpp>
