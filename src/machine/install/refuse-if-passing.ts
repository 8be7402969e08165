import { INSTALL_ERRORS } from './install-errors.ts';

/** Refuses a program that may be gone tomorrow, before anything is made that starts it. @throws program_not_lasting */
export function refuseIfPassing(program: string, what: string): void {
  if (/[\\/]_npx[\\/]/.test(program)) throw INSTALL_ERRORS.program_not_lasting({ what, program });
}
