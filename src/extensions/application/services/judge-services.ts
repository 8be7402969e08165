import { errors } from '../../../core/kernel/errors.ts';
import type { Application } from '../../../core/kernel/phases/application.ts';
import type { CommandOf } from '../../../core/session/commands/commands.ts';
import { type Refused, refused } from '../../../core/session/commands/refused.ts';
import { isLeftToPerson } from '../../../core/session/events/rest.ts';
import type { SessionState } from '../../../core/session/events/state.ts';

export const SERVICE_ERRORS = errors({
  no_services: () => ({
    what: 'No service was started.',
    why: 'The settings with which the session was started have no services.',
    hint: 'Add SERVICE_… lines to .samocode, and resume the session, which reads them.',
  }),
  services_in_use: ({ status }: { status: string }) => ({
    what: 'No service was started for you.',
    why: `The session is ${status}: its services run while its agents and checks need them.`,
    hint: 'Wait until it waits for you, has stopped or is done.',
  }),
});

/** Whether a person may use the application of a session now. */
export function judgeServices(
  { want }: Pick<CommandOf<'services'>, 'want'>,
  { status, worktree }: Pick<SessionState, 'status' | 'worktree'>,
  application: Application | undefined,
): { kind: 'accepted' } | Refused {
  if (want === 'down') return { kind: 'accepted' };
  if (application === undefined || application.services.length === 0 || worktree === undefined)
    return refused(SERVICE_ERRORS.no_services());
  if (!isLeftToPerson(status.kind)) return refused(SERVICE_ERRORS.services_in_use({ status: status.kind }));
  return { kind: 'accepted' };
}
