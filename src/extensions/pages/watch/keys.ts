import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import { refusalNow } from '../../../core/caller/commands/early-refusal.ts';
import type { SessionFacts } from '../../../core/caller/facts/session-facts.ts';
import type { SamocodeError } from '../../../core/kernel/errors.ts';
import type { Command } from '../../../core/session/commands/commands.ts';
import type { Channel } from '../../../core/session/events/bodies/who-acted.ts';
import type { WatchedRow, WatchPlace } from './watch-model.ts';

/** The actions on a session, each with its key; most are also commands. */
const KEYS = [
  ['a', 'answer', 'answer its questions, or approve its plan or request changes'],
  ['m', 'message', 'leave a message for the next agent'],
  ['s', 'stop', 'stop it after the current agent, or at once'],
  ['r', 'resume', 'continue it, with a note or a new goal'],
  ['f', 'finish', 'merge its branch, open a pull request, archive or discard it'],
  ['enter', 'output', 'show everything its latest agent says and does, in your pager'],
  ['l', 'log', 'show its log, one line per event'],
  ['d', 'diff', 'show its diff against the base'],
  ['o', 'report', 'write its report as an HTML page'],
  ['v', 'verify', 'repeat the checks of its proof on a fresh clone'],
  ['e', 'edit', 'open its worktree in your editor (`VISUAL`, `EDITOR`), or in a shell'],
  ['b', 'page', 'open it on the live page, in your browser (`samocode web`)'],
] as const;
export type WatchAct = (typeof KEYS)[number][1];

export const ACT_KEYS: Readonly<Record<string, WatchAct>> = Object.fromEntries(
  KEYS.map(([key, act]) => [key, act]),
);

/** The commands of an action, for those that ask something of the session. */
const SENDS: Partial<Record<WatchAct, readonly Command['kind'][]>> = {
  answer: ['answer', 'approve', 'request_changes'],
  message: ['message'],
  stop: ['stop'],
  resume: ['resume'],
  finish: ['archive', 'merge', 'publish', 'discard'],
};

type Offered = Pick<ShownSession, 'view' | 'worker'>;

/** Whether an action applies to a session now; otherwise its key is hidden and has no effect. */
export function canAct(act: WatchAct, session: Offered, channel: Channel): boolean {
  const { status, archived, worktree, progress } = session.view.state;
  switch (act) {
    case 'verify':
      return status.kind === 'done';
    case 'edit':
      return !archived && worktree !== undefined;
    case 'output':
      return progress.totalIterations > 0;
    default:
      return refusalOf(act, session, channel) === undefined;
  }
}

/** Why the session refuses what an action would send; undefined if it takes that, or if nothing is sent. */
export function refusalOf(
  act: WatchAct,
  { view, worker }: Offered,
  channel: Channel,
): SamocodeError | undefined {
  // It starts the worker that is missing.
  if (act === 'resume' && worker === 'gone') return undefined;
  const refusals = (SENDS[act] ?? []).map((kind) => refusalNow(kind, view, { by: { channel } }));
  return refusals.every((refusal) => refusal !== undefined) ? refusals[0] : undefined;
}

export interface KeyHint {
  key: string;
  what: string;
}

/** For a session that is done, these come first, in this order. */
const AFTER_DONE: readonly WatchAct[] = ['finish', 'report', 'verify', 'resume'];

/** The most useful keys come first. */
export function listKeys(row: WatchedRow | undefined): KeyHint[] {
  if (row === undefined) return [];
  const { facts } = row;
  const rank = (act: WatchAct) => {
    const at = facts.state === 'done' ? AFTER_DONE.indexOf(act) : -1;
    return at < 0 ? AFTER_DONE.length : at;
  };
  return KEYS.filter(([, act]) => canAct(act, row.session, 'cli'))
    .toSorted(([, a], [, b]) => rank(a) - rank(b))
    .map(([key, act]) => ({ key, what: labelOf(act, facts) }));
}

function labelOf(act: WatchAct, { for: waitsFor }: SessionFacts): string {
  return act === 'answer' && waitsFor === 'plan_approval' ? 'decide on the plan' : act;
}

export function fixedKeys({ filter }: Pick<WatchPlace, 'filter'>): KeyHint[] {
  return [
    { key: '?', what: 'help' },
    { key: 'q', what: filter ? 'all sessions' : 'quit' },
  ];
}

/** Folds and unfolds the group of stopped sessions. */
export const STOPPED_KEY = 't';

/** All keys, for the help and for docs/watch.md. */
export const ALL_KEYS: readonly KeyHint[] = [
  { key: '↑ ↓ j k', what: 'select a session' },
  { key: 'PgUp PgDn', what: 'move the selection by one page' },
  { key: 'Home End g G', what: 'select the first or the last session' },
  {
    key: '/',
    what: 'filter: show only sessions that contain this text; Esc shows all',
  },
  { key: STOPPED_KEY, what: 'show or fold stopped sessions' },
  ...KEYS.map(([key, , what]) => ({ key, what })),
  { key: '?', what: 'show all keys' },
  { key: 'q', what: 'go back; in the list: quit (sessions continue)' },
  { key: 'Ctrl-C', what: 'quit at once' },
  { key: 'Ctrl-L', what: 'redraw the screen' },
  { key: 'Ctrl-Z', what: 'suspend; `fg` resumes' },
];
