import { jest } from '@jest/globals';

// In the lab system calls are slow, and starting a program takes a good part of a second on a busy machine. Outside of
// it a test that waits takes milliseconds, but a machine that is busy with other things can stand still for seconds.
jest.setTimeout(process.env.LAB === undefined ? 60_000 : 300_000);
