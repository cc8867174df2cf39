import { DriverError } from '../errors.ts';

/** Opens or reads a file of the kernel; what fails becomes a `DriverError` that names it. */
export function attemptReading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const errnoName = (error as NodeJS.ErrnoException).code ?? 'EIO';
    throw new DriverError('ipvs', `read ${path}`, { errnoName }, { cause: error });
  }
}
