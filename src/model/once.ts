/** Makes a thing when it is first asked for, and gives the same one from then on; a promise that rejects is one too. */
export function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
