/*
 * fake.h: starts a fake server of this folder and stops it.
 */
#ifndef GAL_TESTS_FAKES_FAKE_H
#define GAL_TESTS_FAKES_FAKE_H

/* Runs tests/fakes/SCRIPT with python3 and returns the port that it prints. One at a time. */
int fake_start(const char *script);
void fake_stop(void);

/* A port of loopback that nobody listens on. */
int fake_closed_port(void);

#endif
