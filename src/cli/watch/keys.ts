import type { ShownFacts } from '../rendering/session-facts.ts';
import type { PeekKind, WatchedRow } from './watch-model.ts';

/** What a person may do to a session from the screen; each is a command of its own as well. */
export const WATCH_ACTS = ['answer', 'message', 'stop', 'resume', 'report'] as const;
export type WatchAct = (typeof WATCH_ACTS)[number];

export const ACT_KEYS: Readonly<Record<string, WatchAct>> = {
  a: 'answer',
  m: 'message',
  s: 'stop',
  r: 'resume',
  o: 'report',
};

export const PEEK_KEYS: Readonly<Record<string, PeekKind>> = {
  return: 'output',
  enter: 'output',
  space: 'output',
  l: 'log',
  d: 'diff',
};

/** Whether an act makes sense for a session as it is now: only such keys are shown, and only they do something. */
export function canAct(act: WatchAct, { state, for: waitsFor, archived, worker }: ShownFacts): boolean {
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
    case 'report':
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
export function listKeys(row: WatchedRow | undefined, acts: readonly WatchAct[]): KeyWords[] {
  const own = Object.entries(ACT_KEYS).flatMap(([key, act]) =>
    row !== undefined && acts.includes(act) && canAct(act, row.facts)
      ? [{ key, what: wordOf(act, row.facts) }]
      : [],
  );
  return [...own, ...(row === undefined ? [] : LOOKS)];
}

function wordOf(act: WatchAct, { for: waitsFor }: ShownFacts): string {
  return act === 'answer' && waitsFor === 'plan_approval' ? 'decide on the plan' : act;
}

const LOOKS: readonly KeyWords[] = [
  { key: 'enter', what: 'output' },
  { key: 'l', what: 'log' },
  { key: 'd', what: 'diff' },
];

export const LOOKING_KEYS: readonly KeyWords[] = [
  { key: 'esc', what: 'back' },
  { key: '↑↓', what: 'scroll' },
  ...LOOKS,
];

/** They are named wherever the person is. */
export const LEAVING_KEYS: readonly KeyWords[] = [
  { key: '?', what: 'help' },
  { key: 'q', what: 'quit' },
];

/** All keys, for the help. */
export function allKeys(acts: readonly WatchAct[]): KeyWords[] {
  const WORDS: Readonly<Record<WatchAct, string>> = {
    answer: 'answer its questions, or read its plan and approve it or request changes',
    message: 'leave a message for the next agent',
    stop: 'stop it after the current agent, or at once',
    resume: 'continue it, with a note or a new goal',
    report: 'open its report',
  };
  return [
    { key: '↑ ↓  j k', what: 'select a session; in what you look into: scroll' },
    { key: 'PgUp PgDn', what: 'by pages; Home and End (g G): to the first and the last' },
    { key: 'enter', what: 'what its newest agent says and does' },
    { key: 'l', what: 'its log: what happened, one line each' },
    { key: 'd', what: 'commits, changed files and the diff since the base' },
    ...Object.entries(ACT_KEYS).flatMap(([key, act]) =>
      acts.includes(act) ? [{ key, what: WORDS[act] }] : [],
    ),
    { key: 'esc', what: 'back to the list' },
    { key: 'Ctrl-L', what: 'draw the screen again' },
    { key: 'Ctrl-Z', what: 'suspend; continue with fg' },
    { key: 'q  Ctrl-C', what: 'quit; sessions go on' },
  ];
}
