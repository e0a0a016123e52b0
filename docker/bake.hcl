# docker buildx bake --file docker/bake.hcl [--load]        needs Docker 23 or later: a target takes a stage of another
#
# The images of the Dockerfile, built by BuildKit: packages and compiled objects are kept between builds, so that one changed
# file is one file to compile. The release workflow builds them for amd64 and arm64.

variable "VERSION" { default = "0.1.0" }
variable "REVISION" { default = "" }
variable "SOURCE" { default = "" }
variable "REGISTRY" { default = "" }

group "default" {
  targets = ["service", "load"]
}

# In place of the Dockerfile's stage of this name. BuildKit's mounts would not be read by the builders before it.
target "build" {
  dockerfile-inline = <<EOT
FROM debian:bookworm-slim
WORKDIR /src
COPY .ci .ci
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean && .ci/install-packages.sh build charts ccache
COPY . .
ENV CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_DIR=/ccache
RUN --mount=type=cache,target=/ccache \
    cmake --preset release -D LOOPSCOPE_BUILD_TESTS=OFF -D LOOPSCOPE_BUILD_BENCH=OFF -D LOOPSCOPE_DASHBOARD=ON \
 && cmake --build build --target loopscope loopscope-probe
EOT
}

target "image" {
  contexts = { build = "target:build" }
  args     = { VERSION = VERSION, REVISION = REVISION, SOURCE = SOURCE }
}

target "service" {
  inherits = ["image"]
  target   = "service"
  tags     = ["${REGISTRY}loopscope:${VERSION}"]
}

target "load" {
  inherits = ["image"]
  target   = "load"
  tags     = ["${REGISTRY}loopscope-load:${VERSION}"]
}
