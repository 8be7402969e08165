/** The rehearsal cannot start at all: no usable prompt, no such scenario. It ends with status 2. */
export class SetupError extends Error {
  constructor(why: string) {
    super(`The rehearsal did not start: ${why}.`);
  }
}
