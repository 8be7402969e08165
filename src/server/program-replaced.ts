import { SamocodeError, systemErrorCode } from '../base/errors.ts';

/** Another version was installed over this one while the server ran: what it had not loaded yet is gone. */
class ProgramReplacedError extends SamocodeError {
  readonly code = 'program_replaced';

  constructor(cause: unknown) {
    super(
      'The samocode server can do nothing more.',
      'Another version was installed while it ran. Sessions go on, nothing is lost.',
      'Ask the human to restart the server: in Claude Code /mcp, then reconnect; elsewhere by restarting the client.',
      { cause },
    );
  }
}

/** The same failure in words that help, where that is what it means. */
export function explained(error: unknown): unknown {
  return systemErrorCode(error) === 'ERR_MODULE_NOT_FOUND' ? new ProgramReplacedError(error) : error;
}
