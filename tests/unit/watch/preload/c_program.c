// SPDX-License-Identifier: MIT

// Waits in C, compiled with checks of buffer sizes: for events, and for another thread at a condition variable.

#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int ready;

static void *make_ready(void *unused) {
  (void)unused;
  pthread_mutex_lock(&mutex);
  ready = 1;
  pthread_cond_signal(&condition);
  pthread_mutex_unlock(&mutex);
  return 0;
}

int main(int argc, char **argv) {
  struct pollfd descriptors[2];
  (void)argv;
  for (int i = 0; i < 10; ++i) {
    descriptors[0].fd = descriptors[1].fd = eventfd(1, EFD_CLOEXEC);
    descriptors[0].events = descriptors[1].events = POLLIN;
    if (poll(descriptors, (nfds_t)(argc + 1), -1) != 2) return 1;  // __poll_chk: the size is not known before
  }
  pthread_t thread;
  pthread_mutex_lock(&mutex);
  if (pthread_create(&thread, 0, make_ready, 0) != 0) return 2;
  while (!ready) pthread_cond_wait(&condition, &mutex);
  pthread_mutex_unlock(&mutex);
  return pthread_join(thread, 0) == 0 ? 0 : 3;
}
