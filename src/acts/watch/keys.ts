import type { ShownFacts } from '../../kit/terminal/session-facts.ts';
import type { WatchedRow, WatchPlace } from './watch-model.ts';

/** What a person may do with a session from the screen; each is a command of its own as well. */
export type WatchAct =
  | 'answer'
  | 'message'
  | 'stop'
  | 'resume'
  | 'finish'
  | 'report'
  | 'verify'
  | 'output'
  | 'log'
  | 'diff'
  | 'edit';

export const ACT_KEYS: Readonly<Record<string, WatchAct>> = {
  a: 'answer',
  m: 'message',
  s: 'stop',
  r: 'resume',
  f: 'finish',
  enter: 'output',
  l: 'log',
  d: 'diff',
  o: 'report',
  v: 'verify',
  e: 'edit',
};

/** Whether an act makes sense for a session as it is now: only such keys are shown, and only they do something. */
export function canAct(
  act: WatchAct,
  { state, for: waitsFor, archived, worker, worktree, totalIterations }: ShownFacts,
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
    case 'finish':
      return !archived && ['stopped', 'done', 'blocked'].includes(state);
    case 'verify':
      return state === 'done';
    case 'edit':
      return !archived && worktree !== undefined;
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

/** What comes after done, in this order; before that the other acts come first. */
const AFTER_DONE: readonly WatchAct[] = ['finish', 'report', 'verify', 'resume'];

/** The keys of the list for the selected session, most useful first. */
export function listKeys(row: WatchedRow | undefined): KeyWords[] {
  if (row === undefined) return [];
  const { facts } = row;
  const rank = (act: WatchAct) => {
    const at = facts.state === 'done' ? AFTER_DONE.indexOf(act) : -1;
    return at < 0 ? AFTER_DONE.length : at;
  };
  return Object.entries(ACT_KEYS)
    .filter(([, act]) => canAct(act, facts))
    .toSorted(([, a], [, b]) => rank(a) - rank(b))
    .map(([key, act]) => ({ key, what: wordOf(act, facts) }));
}

function wordOf(act: WatchAct, { for: waitsFor }: ShownFacts): string {
  return act === 'answer' && waitsFor === 'plan_approval' ? 'decide on the plan' : act;
}

/** They are named wherever the person is. */
export function leavingKeys({ filter }: Pick<WatchPlace, 'filter'>): KeyWords[] {
  return [
    { key: '?', what: 'help' },
    { key: 'q', what: filter ? 'all sessions' : 'quit' },
  ];
}

const ABOUT: Readonly<Record<WatchAct, string>> = {
  answer: 'answer its questions, or approve its plan or request changes',
  message: 'leave a message for the next agent',
  stop: 'stop it after the current agent, or at once',
  resume: 'continue it, with a note or a new goal',
  finish: 'merge its branch, open a pull request, archive or discard it',
  report: 'write its report, a page for a browser',
  verify: 'repeat the checks of its proof on a fresh clone',
  output: 'all that its newest agent says and does, in your pager',
  log: 'its log: what happened, one line each',
  diff: 'the diff since the base',
  edit: 'its worktree in your editor (`VISUAL`, `EDITOR`), or in a shell',
};

/** Unfolds the group of the stopped sessions. */
export const STOPPED_KEY = 't';

/** All keys, for the help and for docs/watch.md. */
export const ALL_KEYS: readonly KeyWords[] = [
  { key: '↑ ↓ j k', what: 'select a session' },
  { key: 'PgUp PgDn', what: 'the same by pages' },
  { key: 'Home End g G', what: 'the first session, the last one' },
  {
    key: '/',
    what: 'only the sessions that have this text; Esc shows all',
  },
  { key: STOPPED_KEY, what: 'show or fold the stopped sessions' },
  ...Object.entries(ACT_KEYS).map(([key, act]) => ({ key, what: ABOUT[act] })),
  { key: '?', what: 'all keys' },
  { key: 'q', what: 'back; from the list: quit, and sessions go on' },
  { key: 'Ctrl-C', what: 'quit at once' },
  { key: 'Ctrl-L', what: 'draw the screen again' },
  { key: 'Ctrl-Z', what: 'suspend; `fg` continues' },
];
