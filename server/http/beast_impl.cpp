// Beast and Boost.URL, compiled once.
#include <boost/beast/src.hpp>
#include <boost/url/src.hpp>
