import { SamocodeError } from '../base/errors.ts';

/** Refuses a program that may be gone tomorrow, before anything is made that starts it. @throws ProgramNotLastingError */
export function refuseIfPassing(program: string, what: string): void {
  if (/[\\/]_npx[\\/]/.test(program)) throw new ProgramNotLastingError(what, program);
}

class ProgramNotLastingError extends SamocodeError {
  readonly code = 'program_not_lasting';

  constructor(what: string, program: string) {
    super(
      what,
      `This samocode is in the cache of npx (${program}), which is emptied at times.`,
      'Install it from its tarball (npm install -g ./samocode-mcp-*.tgz) and try again.',
    );
  }
}
