/** Upper bounds in seconds: 1 ms, doubled 15 times. For rounds and their parts. */
export const roundBuckets: readonly number[] = [
  0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384,
];

/** Upper bounds in seconds from a change to rules in place: 80 of them, finest below a minute. */
export const programmingBuckets: readonly number[] = [
  0.25,
  0.5,
  ...series(1, 59, 1),
  ...series(60, 115, 5),
  ...series(120, 300, 30),
];

/** Upper bounds in seconds for requests to the API server. */
export const requestBuckets: readonly number[] = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** Upper bounds in bytes for requests and responses. */
export const sizeBuckets: readonly number[] = [
  64, 256, 512, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216,
];

/** Upper bounds in seconds for exchanges with the kernel and stalls of the event loop: 0.1 ms to 3.3 s. */
export const fineBuckets: readonly number[] = series(0, 15, 1).map((power) => 2 ** power / 10000);

/** Upper bounds for numbers of operations in a batch: 1 to 65,536. */
export const countBuckets: readonly number[] = series(0, 8, 1).map((power) => 4 ** power);

function series(first: number, last: number, step: number): number[] {
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
}
