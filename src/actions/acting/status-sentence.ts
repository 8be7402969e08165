import { isoUtc } from '../../base/clock.ts';
import type { WaitingFor } from '../../phases/table.ts';
import { STOPS } from '../../session/documents/now.ts';
import { outageWords } from '../../session/events/bodies/limited.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { isLost } from '../../session/session-list.ts';

const WAITS_FOR: Readonly<Record<WaitingFor, string>> = {
  qa_answers: 'answers to its questions',
  plan_approval: 'the approval of its plan',
  file_update: 'a change to a file',
  human_action: 'something that a person must do',
};

/** What a session is doing, in one sentence of ours: nothing that a child said is in it. */
export function statusSentence(view: SessionView): string {
  const sentence = sentenceOf(view);
  return view.state.archived ? `${sentence.slice(0, -1)}; it is in the archive.` : sentence;
}

function sentenceOf(view: SessionView): string {
  const { state, folder, isForeign } = view;
  const { status, progress } = state;
  if (view.isUnreadable) return `${folder} cannot be read.`;
  const at = `${progress.phase}, iteration ${progress.totalIterations}`;
  if (view.isUnseen)
    return `${folder} needs a person: whether its worker lives cannot be seen from here (${at}).`;
  const stops = state.stopWanted === undefined ? '' : ` and ${STOPS[state.stopWanted.when]}`;
  switch (status.kind) {
    case 'starting':
      return isLost(view) ? `${folder} never began and cannot.` : `${folder} is starting${stops}.`;
    case 'queued':
      return `${folder} is queued until a slot is free${stops} (${at}).`;
    case 'running':
      return `${folder} is running${stops} (${at}).`;
    case 'waiting': {
      const open = status.openQuestions.length > 0 ? `: ${named(status.openQuestions)}` : '';
      const awaited = status.weakened ? 'a decision about changed checks' : WAITS_FOR[status.for];
      return `${folder} waits for ${awaited}${open} (${at}).`;
    }
    case 'limited':
      return status.outage
        ? `${folder} waits: ${outageWords(status.until, status.outage)} (${at}).`
        : `${folder} continues when the usage limit ends at ${isoUtc(status.until)} (${at}).`;
    case 'blocked':
      return `${folder} is blocked and needs ${ourWord(status.needs)} (${at}).`;
    case 'stopped':
      return isForeign
        ? `${folder} was opened by hand or by the original samocode, and no worker runs it.`
        : `${folder} is stopped (${at}).`;
    case 'done':
      return `${folder} is done after ${progress.totalIterations} iterations${mergeWords(view)}.`;
    default:
      return status satisfies never;
  }
}

function mergeWords({ state: { merge, lastMerge } }: SessionView): string {
  if (merge !== undefined) return `; its branch is being merged into ${merge.into}`;
  if (lastMerge === undefined) return '';
  return lastMerge.outcome === 'merged'
    ? `; its branch is merged into ${lastMerge.into}`
    : `; its branch was not merged into ${lastMerge.into}`;
}

// A child may name any need; only a plain word becomes part of a sentence of ours.
function ourWord(needs: string): string {
  return /^[a-z_]{1,30}$/.test(needs) ? needs : 'a person';
}

const MOST_NAMED = 12;

function named(ids: readonly string[]): string {
  const left = ids.length - MOST_NAMED;
  return left > 0 ? `${ids.slice(0, MOST_NAMED).join(', ')} and ${left} more` : ids.join(', ');
}
