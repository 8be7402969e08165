import { stampsAt } from '../base/files/stamps.ts';
import type { SessionView } from '../session/events/session-view.ts';
import { sessionFacts } from '../session/facts.ts';
import { stateWords } from '../session/words.ts';
import type { QueuedNotice } from './queued-notice.ts';

/** One line about a notice, in words of ours alone beside the names of session and project. */
export function titleOf(
  { kind, session, group }: QueuedNotice,
  view: SessionView | undefined,
  project: string,
): string {
  const local = (time: string) => `at ${stampsAt(Date.parse(time)).minute}`;
  const now = view && stateWords(sessionFacts(view), { when: local }).predicate;
  switch (kind) {
    case 'waiting':
    case 'blocked':
    case 'limited':
    case 'back_off':
      // Nobody is asked about a session that is gone.
      return `${session} ${now ?? 'waits and retries'}`;
    case 'plan_changed':
      return `${session} changed its approved plan and waits for your approval`;
    case 'stalled':
      return `${session} shows no sign of life`;
    case 'crash_loop':
      return `${session} is in a crash loop: its worker ends again and again`;
    case 'main_checkout_moved':
      return `The main checkout of ${project} changed while ${session} ran`;
    case 'budget':
      return `${session} comes near a limit of its budget`;
    case 'queued':
      return `${session} has been queued for a long time`;
    case 'done':
      return `${session} is done`;
    case 'group_done':
      return `Group ${group} is over`;
    case 'revived':
      return `${session} continues after its worker had died`;
    case 'answer_changed':
      return `${session}: a recorded answer was changed in the file`;
    case 'fallback':
      return `${session} continues with another provider`;
    default:
      return kind satisfies never;
  }
}
