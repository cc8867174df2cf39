#pragma once

#include <signal.h>

#include <system_error>
#include <thread>

/** Starts a thread that takes no signals: those are for the main thread. False when the system refuses a thread. */
template <typename Body>
bool start_thread(std::thread* thread, Body body) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = true;
  try {
    *thread = std::thread(body);
  } catch (const std::system_error&) {
    started = false;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}
