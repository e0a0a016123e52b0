# SPDX-License-Identifier: MIT

# Stages: build compiles; service is the image; load measures a service, with the probe, wrk and compare.py.
# The last one repeats service, so that `docker build .` makes that one. Any builder will do; where there is BuildKit,
# `docker buildx bake --file docker/bake.hcl` replaces the first stage by one that keeps what it compiled.

FROM debian:bookworm-slim AS build
WORKDIR /src
# What changes seldom comes first: each layer is kept for as long as those above it are.
COPY .ci .ci
RUN .ci/install-packages.sh build charts
COPY . .
RUN cmake --preset release -D LOOPSCOPE_BUILD_TESTS=OFF -D LOOPSCOPE_BUILD_BENCH=OFF -D LOOPSCOPE_DASHBOARD=ON \
 && cmake --build build --target loopscope loopscope-probe

FROM debian:bookworm-slim AS service
COPY .ci/install-packages.sh .ci/packages.txt /tmp/
# /data takes files of whichever user the container is given.
RUN /tmp/install-packages.sh runtime \
 && rm -rf /tmp/install-packages.sh /tmp/packages.txt /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log \
 && install -d -o 10001 -g 10001 -m 1777 /data
COPY --from=build /src/build/bin/loopscope /src/build/bin/libloopscope-watch.so /usr/local/bin/
COPY --from=build /src/build/copyright /usr/share/doc/loopscope/copyright
# Inside a container loopback is out of reach: who may connect is decided where ports are published.
ENV LOOPSCOPE_LISTEN=0.0.0.0:8080 LOOPSCOPE_ADMIN=0.0.0.0:8081 LOOPSCOPE_DATA_DIR=/data
EXPOSE 8080 8081
VOLUME /data
USER 10001:10001
# The loop itself is asked, so a container whose loop is blocked for 15 s shows as unhealthy. Where unhealthy means
# killed (Swarm), ask /livez of the admin plane instead: a busy loop comes back, a killed one takes its clients along.
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 CMD ["loopscope", "healthcheck"]
ENTRYPOINT ["loopscope"]
ARG VERSION=0.1.0
# Who publishes an image says where it comes from.
ARG REVISION=
ARG SOURCE=
ARG URL=${SOURCE}
LABEL org.opencontainers.image.title="loopscope" \
      org.opencontainers.image.description="See, measure and explain event-loop blocking in C++ services" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.url="${URL}" \
      org.opencontainers.image.base.name="debian:bookworm-slim"

FROM service AS load
USER 0:0
WORKDIR /loopscope
COPY .ci .ci
# The report embeds the library of its charts.
RUN .ci/install-packages.sh demo charts && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/build/bin/loopscope-probe /usr/local/bin/
COPY load load
USER 10001:10001
# The files that are written belong on a disk, not on the container's own layer.
ENV TMPDIR=/data PYTHONDONTWRITEBYTECODE=1
HEALTHCHECK NONE
ENTRYPOINT ["load/compare.py", "--server", "/usr/local/bin/loopscope", "--probe", "/usr/local/bin/loopscope-probe"]
CMD ["--quick"]

FROM service
