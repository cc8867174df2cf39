import { jest } from '@jest/globals';

// In the lab system calls are slow, and starting a program takes a good part of a second on a busy machine.
jest.setTimeout(300_000);
