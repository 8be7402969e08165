import { stampsAt } from '../base/files/stamps.ts';
import { OUTAGE_WORDS } from '../phases/outage.ts';
import type { SessionView } from '../session/events/session-view.ts';
import type { WaitingStatus } from '../session/events/state.ts';
import type { QueuedNotice } from './queued-notice.ts';

/** One line about a notice, in words of ours alone beside the names of session and project. */
export function titleOf(
  { kind, session, group }: QueuedNotice,
  view: SessionView | undefined,
  project: string,
): string {
  const status = view?.state.status;
  switch (kind) {
    case 'waiting':
      return `${session} waits for ${status?.kind === 'waiting' ? awaited(status) : 'you'}`;
    case 'plan_changed':
      return `${session} changed its approved plan and waits for your approval`;
    case 'blocked':
      return status?.kind === 'blocked' && status.rule === 'base_checks'
        ? `${session} asks about its checks: they fail before any work`
        : `${session} is blocked and needs you`;
    case 'stalled':
      return `${session} shows no sign of life`;
    case 'crash_loop':
      return `${session} is in a crash loop: its worker ends again and again`;
    case 'main_checkout_moved':
      return `The main checkout of ${project} changed while ${session} ran`;
    case 'limited': {
      const until = status?.kind === 'limited' ? ` until ${stampsAt(status.until).minute}` : '';
      return `${session} waits for the end of a usage limit${until}`;
    }
    case 'back_off': {
      const outage = status?.kind === 'limited' ? status.outage : undefined;
      return `${session} keeps waiting: ${outage ? OUTAGE_WORDS[outage.kind] : 'the provider does not answer'}`;
    }
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

function awaited({ for: waitsFor, openQuestions, weakened }: WaitingStatus): string {
  if (weakened !== undefined) return 'your decision about changed checks';
  switch (waitsFor) {
    case 'qa_answers':
      return openQuestions.length === 1 ? 'an answer' : `${openQuestions.length} answers`;
    case 'plan_approval':
      return 'approval of its plan';
    case 'file_update':
      return 'a change to a file';
    case 'human_action':
      return 'something that you must do';
    default:
      return waitsFor satisfies never;
  }
}
