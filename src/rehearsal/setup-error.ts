import { SamocodeError } from '../base/errors.ts';

/** Exit status for a start that cannot work, whatever the session's state: no prompt, no such scenario. */
export const SETUP_EXIT_CODE = 2;

export class RehearsalSetupError extends SamocodeError {
  readonly code = 'rehearsal_setup';

  constructor(why: string, cause?: unknown) {
    super(
      'The rehearsal child did not start.',
      `Reason: ${why}.`,
      'Give it a prompt as the worker writes it, and a scenario as tests/difficult-children describes it.',
      { cause },
    );
  }
}
