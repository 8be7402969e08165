import type { ShownFacts } from '../../kit/terminal/session-facts.ts';
import type { WatchedRow } from './watch-model.ts';

/** What a person may do with a session from the screen; each is a command of its own as well. */
export type WatchAct = 'answer' | 'message' | 'stop' | 'resume' | 'report' | 'output' | 'log' | 'diff';

export const ACT_KEYS: Readonly<Record<string, WatchAct>> = {
  a: 'answer',
  m: 'message',
  s: 'stop',
  r: 'resume',
  o: 'report',
  enter: 'output',
  l: 'log',
  d: 'diff',
};

/** Whether an act makes sense for a session as it is now: only such keys are shown, and only they do something. */
export function canAct(
  act: WatchAct,
  { state, for: waitsFor, archived, worker, totalIterations }: ShownFacts,
): boolean {
  switch (act) {
    case 'answer':
      return state === 'waiting' && (waitsFor === 'qa_answers' || waitsFor === 'plan_approval');
    case 'message':
      return !archived && state !== 'done';
    case 'stop':
      return !['stopped', 'done'].includes(state);
    case 'resume':
      return (
        ['stopped', 'done', 'blocked', 'limited'].includes(state) ||
        worker === 'gone' ||
        waitsFor === 'file_update' ||
        waitsFor === 'human_action'
      );
    case 'output':
      return totalIterations > 0;
    case 'report':
    case 'log':
    case 'diff':
      return true;
    default:
      return act satisfies never;
  }
}

export interface KeyWords {
  key: string;
  what: string;
}

/** The keys of the list for the selected session, most useful first. */
export function listKeys(row: WatchedRow | undefined): KeyWords[] {
  return Object.entries(ACT_KEYS).flatMap(([key, act]) =>
    row !== undefined && canAct(act, row.facts) ? [{ key, what: wordOf(act, row.facts) }] : [],
  );
}

function wordOf(act: WatchAct, { for: waitsFor }: ShownFacts): string {
  return act === 'answer' && waitsFor === 'plan_approval' ? 'decide on the plan' : act;
}

/** They are named wherever the person is. */
export const LEAVING_KEYS: readonly KeyWords[] = [
  { key: '?', what: 'help' },
  { key: 'q', what: 'quit' },
];

const ABOUT: Readonly<Record<WatchAct, string>> = {
  answer: 'answer its questions, or read its plan and approve it or request changes',
  message: 'leave a message for the next agent',
  stop: 'stop it after the current agent, or at once',
  resume: 'continue it, with a note or a new goal',
  report: 'make its report',
  output: 'all that its newest agent says and does, in your pager',
  log: 'its log: what happened, one line each',
  diff: 'the diff since the base',
};

/** All keys, for the help. */
export const ALL_KEYS: readonly KeyWords[] = [
  { key: '↑ ↓  j k', what: 'select a session' },
  { key: 'PgUp PgDn', what: 'by pages; Home and End (g G): to the first and the last' },
  ...Object.entries(ACT_KEYS).map(([key, act]) => ({ key, what: ABOUT[act] })),
  { key: 'Ctrl-L', what: 'draw the screen again' },
  { key: 'Ctrl-Z', what: 'suspend; continue with fg' },
  { key: 'q  Ctrl-C', what: 'quit; sessions go on' },
];
