import type { SessionFacts } from '../../../core/caller/facts/session-facts.ts';
import type { Key } from '../../../core/faces/terminal/whole-screen.ts';
import type { Commit } from '../../../core/project/worktrees/changes.ts';
import { canAct, refusalOf, type SessionAct } from '../rows/available-acts.ts';
import type { SessionRow } from '../rows/row.ts';

export interface WatchedDetails {
  key: string;
  commits?: readonly Commit[];
  totalCommits?: number;
  /** The last lines of its agent's output, or of its log while no agent runs; oldest first. */
  tail?: readonly string[];
}

/** The content of the screen, independent of what the person has selected on it. */
export interface WatchModel {
  /** In screen order; undefined until the sessions have been read once. */
  rows: readonly SessionRow[] | undefined;
  details?: WatchedDetails;
  nowMs: number;
  /** For a tab of the page that asks to be confirmed. */
  digits?: string | undefined;
}

/** What the person has chosen to see: the selected row, the filter, the folds. */
export interface WatchSelection {
  /** Key of the selected row; undefined if no row is selected. */
  selected?: string;
  isHelp: boolean;
  filter?: string;
  isTyping?: boolean;
  showsStopped?: boolean;
  notice?: string;
}

export const START_SELECTION: WatchSelection = { isHelp: false };

/** The rows that can be selected: those that match the filter, or all except folded ones. */
export function visibleRows(
  { rows = [] }: Pick<WatchModel, 'rows'>,
  { filter, showsStopped, selected }: WatchSelection,
): readonly SessionRow[] {
  if (filter) return rows.filter((row) => matches(row, filter.toLowerCase()));
  if (showsStopped) return rows;
  // A session stopped from this screen stays visible while it is selected.
  const open = rows.filter(({ group, key }) => group !== 'stopped' || key === selected);
  return open.length > 0 ? open : rows;
}

function matches({ facts, project, group }: SessionRow, filter: string): boolean {
  const { session, id, phase, task = '', recurring = '' } = facts;
  const texts = [session, id, project, phase, group, task, recurring];
  return texts.some((text) => text.toLowerCase().includes(filter));
}

/** The selected row; the first one if the selection is not visible. */
export function selectedRow(
  model: Pick<WatchModel, 'rows'>,
  selection: WatchSelection,
): SessionRow | undefined {
  const rows = visibleRows(model, selection);
  return rows.find(({ key }) => key === selection.selected) ?? rows[0];
}

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
] as const satisfies readonly (readonly [key: string, act: SessionAct, what: string])[];

export const ACT_KEYS: Readonly<Record<string, SessionAct>> = Object.fromEntries(
  KEYS.map(([key, act]) => [key, act]),
);

export interface KeyHint {
  key: string;
  what: string;
}

/** For a session that is done, these come first, in this order. */
const AFTER_DONE: readonly SessionAct[] = ['finish', 'report', 'verify', 'resume'];

/** The most useful keys come first. */
export function listKeys(row: SessionRow | undefined): KeyHint[] {
  if (row === undefined) return [];
  const { facts } = row;
  const rank = (act: SessionAct) => {
    const at = facts.state === 'done' ? AFTER_DONE.indexOf(act) : -1;
    return at < 0 ? AFTER_DONE.length : at;
  };
  return KEYS.filter(([, act]) => canAct(act, row.session, 'cli'))
    .toSorted(([, a], [, b]) => rank(a) - rank(b))
    .map(([key, act]) => ({ key, what: labelOf(act, facts) }));
}

function labelOf(act: SessionAct, { for: waitsFor }: SessionFacts): string {
  return act === 'answer' && waitsFor === 'plan_approval' ? 'decide on the plan' : act;
}

export function fixedKeys({ filter }: Pick<WatchSelection, 'filter'>): KeyHint[] {
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

/** A request that a key makes besides another selection. */
export type KeyIntent =
  | { kind: 'quit'; isInterrupt: boolean }
  | { kind: 'suspend' }
  | { kind: 'redraw' }
  | { kind: 'act'; act: SessionAct; row: SessionRow };

export interface Listed {
  model: WatchModel;
  selection: WatchSelection;
  height: number;
}

const KEY_ALIASES: Readonly<Record<string, string>> = { return: 'enter', space: 'enter' };

/** Returns the selection and the request that result from a key. Pure. */
export function press(
  key: Key,
  { model, selection, height }: Listed,
): { selection: WatchSelection; intent?: KeyIntent } {
  const { notice: _shown, ...rest } = selection;
  const quiet: WatchSelection = rest;
  if (key.ctrl) return { selection: quiet, intent: controlIntent(key.name) };
  if (selection.isHelp) return { selection: { ...quiet, isHelp: false } };
  if (selection.isTyping) return { selection: typed(key, { model, selection: quiet, height }) };
  switch (key.name) {
    case '?':
      return { selection: { ...quiet, isHelp: true } };
    case '/':
      return { selection: { ...quiet, filter: '', isTyping: true } };
    case STOPPED_KEY:
      return { selection: { ...quiet, showsStopped: !selection.showsStopped } };
    case 'q':
      if (!selection.filter) return { selection: quiet, intent: { kind: 'quit', isInterrupt: false } };
      return { selection: unfiltered(quiet) };
    case 'escape':
      return { selection: unfiltered(quiet) };
    default: {
      const act = ACT_KEYS[KEY_ALIASES[key.name] ?? key.name];
      if (act !== undefined) return pressedAct(act, selectedRow(model, selection), quiet);
      return { selection: moved(key, { model, selection: quiet, height }) };
    }
  }
}

function unfiltered({ filter: _filter, isTyping: _isTyping, ...selection }: WatchSelection): WatchSelection {
  return selection;
}

/** Edits the filter; keys that type nothing still move the selection. */
function typed(key: Key, press: Listed): WatchSelection {
  const { selection } = press;
  const { filter = '' } = selection;
  switch (key.name) {
    case 'escape':
      return unfiltered(selection);
    case 'return':
    case 'enter':
      return filter === '' ? unfiltered(selection) : { ...selection, isTyping: false };
    case 'backspace':
      return { ...selection, filter: [...filter].slice(0, -1).join('') };
    default: {
      const letter = key.name === 'space' ? ' ' : key.name;
      return [...letter].length === 1 ? { ...selection, filter: filter + letter } : moved(key, press);
    }
  }
}

function controlIntent(name: string): KeyIntent | undefined {
  switch (name) {
    case 'c':
      return { kind: 'quit', isInterrupt: true };
    case 'd':
      return { kind: 'quit', isInterrupt: false };
    case 'z':
      return { kind: 'suspend' };
    case 'l':
      return { kind: 'redraw' };
    default:
      return undefined;
  }
}

function pressedAct(act: SessionAct, row: SessionRow | undefined, selection: WatchSelection) {
  if (row === undefined) return { selection };
  if (canAct(act, row.session, 'cli')) return { selection, intent: { kind: 'act', act, row } as const };
  const why = refusalOf(act, row.session, 'cli')?.why ?? `${row.name} is ${row.facts.state}.`;
  return { selection: { ...selection, notice: `Nothing to ${act}: ${why}` } };
}

/** The number of lines by which a key moves the selection; undefined for any other key. */
function stepOf({ name }: Key, page: number): number | undefined {
  switch (name) {
    case 'up':
    case 'k':
      return -1;
    case 'down':
    case 'j':
      return 1;
    case 'pageup':
      return -page;
    case 'pagedown':
      return page;
    case 'home':
    case 'g':
      return Number.NEGATIVE_INFINITY;
    case 'end':
    case 'G':
      return Number.POSITIVE_INFINITY;
    default:
      return undefined;
  }
}

function moved(key: Key, { model, selection, height }: Listed): WatchSelection {
  const rows = visibleRows(model, selection);
  const step = stepOf(key, Math.max(1, height - 1));
  if (step === undefined || rows.length === 0) return selection;
  const row = selectedRow(model, selection);
  const at = row === undefined ? 0 : rows.indexOf(row);
  const to = Math.max(0, Math.min(rows.length - 1, at + step));
  return { ...selection, selected: rows[to]?.key };
}
