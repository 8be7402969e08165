import { SamocodeError } from '../base/errors.ts';

/** The session takes what was asked for later. No failure: whoever acts says so instead of a result. */
export class CommandPending extends SamocodeError {
  readonly code = 'pending';
  readonly folder: string;

  /** @param id of the command that was left, if one was */
  constructor(folder: string, waitedMs: number, id?: string) {
    super(
      `The worker of ${folder} did not respond within ${Math.round(waitedMs / 1000)} s.`,
      id === undefined ? 'It may still be starting.' : `The command ${id} stays queued.`,
      'Look again with get_status; if nothing changes, session.log and worker.stderr of the session say why.',
    );
    this.folder = folder;
  }
}
