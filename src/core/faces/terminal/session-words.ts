import { basename, isAbsolute, relative } from 'node:path';
import type { SessionFacts } from '../../caller/facts/session-facts.ts';
import { age, duration } from '../../kernel/durations.ts';
import { stampsAt } from '../../kernel/files/stamps.ts';
import { wayText } from '../../kernel/phases/table.ts';
import { counted, listed } from '../../kernel/text.ts';
import { missingText } from '../../session/events/pull-request-change.ts';
import { hasEnded } from '../../session/events/rest.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { handleOf, nameWithoutDate } from '../../session/layout/names.ts';
import { NO_CHECK } from '../../session/proof/proof-limits.ts';
import { goneText, neededText, type StateText, stateText } from '../../session/words/words.ts';
import { type Cli, EXIT } from './cli.ts';
import { columnsOf, grid, hanging, tabSeparated } from './columns.ts';
import { nextCommandsOf } from './json-facts.ts';
import type { Output } from './output.ts';
import { fitLine, type Style } from './style.ts';

const PAINTS = { person: 'attention', bad: 'bad', good: 'good', working: 'accent' } as const;

export function painted(words: string, tone: StateText['tone'], style: Style): string {
  return tone === 'plain' ? words : style[PAINTS[tone]](words);
}

/** @param lasted how long the state has lasted */
export function stateCell(facts: SessionFacts, style: Style, lasted?: string): string {
  const { brief, tone } = stateText(facts, { lasted });
  const gone = goneText(facts);
  return `${painted(brief, tone, style)}${gone === undefined ? '' : `, ${style.bad(gone)}`}`;
}

/** Formats the output of `samocode status`, and the end of `samocode run`, which adds the session's commits. */
export function formatStatus(
  facts: SessionFacts,
  cli: Terminal,
  { nowMs, commits = [] }: { nowMs: number; commits?: readonly string[] },
): string {
  const { style, textColumns } = cli.output;
  const isOver = facts.state === 'done';
  const rows: Row[] = [
    ['phase', `${facts.phase} (${counted(facts.iteration, 'iteration')}${isOver ? '' : ' so far'})`],
    ['worker', facts.worker === 'none needed' ? 'not running: none is needed' : facts.worker],
    ...factRows(facts),
    ['commits', commits.join('\n')],
    ['worktree', facts.worktree && shownPath(facts.worktree, cli)],
    ['sandbox', facts.sandbox],
    ['author', facts.commitsAs && fitLine(facts.commitsAs)],
    ['overview', shownPath(`${facts.sessionDir}/_overview.md`, cli)],
    ['run folder', shownPath(facts.runDir, cli)],
    ['next', nextCommandsOf(facts).map(style.accent).join('\n')],
  ];
  const since = duration(nowMs - Date.parse(facts.since));
  const head = `${style.bold(facts.session)}${wayText(facts)} ${style.dim(facts.id)}  ${stateCell(facts, style, since)}`;
  const columns = textColumns;
  return [hanging(head, { first: '', columns }), ...namedLines(rows, { style, columns })].join('\n');
}

export type Row = readonly [name: string, value: string | undefined];

/** The details of a session; untrusted texts are truncated. */
export function factRows(facts: SessionFacts): Row[] {
  const cut = (text?: string) => text && fitLine(text, 600);
  return [
    ['task', facts.task && fitLine(facts.task, 300)],
    ['recurring', facts.recurring && fitLine(facts.recurring)],
    ['way', cut(facts.says?.way)],
    ['doing', cut(facts.activity)],
    ['stalled', facts.stalled && 'its agent seems stalled'],
    ['awake', facts.awake],
    ['slept', facts.slept],
    ['open', facts.openQuestions?.join(', ')],
    ['reason', cut(facts.says?.reason ?? facts.starts)],
    ['needs', facts.says?.needs && cut(neededText(facts.says.needs))],
    ['summary', cut(facts.says?.summary)],
    ['proof', cut(facts.proof)],
    ['gates', facts.gates],
    ['worked on', facts.workedOn && fitLine(facts.workedOn)],
    // The proof of a done session says it too.
    ['checks', facts.proof ? undefined : cut(facts.checks)],
    ['spent', cut(facts.spent)],
    ['plan', facts.plan],
    ['problems', facts.problems?.join(' ')],
    ['branch', facts.branch && fitLine(`${facts.branch} from ${facts.base}`)],
    ['app', facts.app],
    ['PR', facts.pullRequest && pullRequestRow(facts.pullRequest)],
    ['asks', facts.pullRequest?.asks],
    ['ignored', facts.pullRequest && heldRow(facts.pullRequest)],
  ];
}

function pullRequestRow(facts: NonNullable<SessionFacts['pullRequest']>): string {
  const { url, state, watched, unseen, missing } = facts;
  const trouble = unseen && `not seen since ${stampsAt(Date.parse(unseen.since)).minute}: ${unseen.why}`;
  const watching = watched ? WATCHING[state] : state === 'open' && 'not watched';
  const unmerged = missing && missingText(missing);
  return fitLine([url, trouble || watching || state, ...(unmerged ? [unmerged] : [])].join(', '), 600);
}

const WATCHING: Partial<Record<NonNullable<SessionFacts['pullRequest']>['state'], string>> = {
  open: 'the supervisor watches it',
  closed: 'closed; for 14 days the supervisor checks whether it is opened again',
};

/** Comments that no agent receives, listed so that the person knows about them. */
function heldRow({ held = [] }: NonNullable<SessionFacts['pullRequest']>): string | undefined {
  const words = held.map(({ url }) => `${url} (no write access)`);
  return words.length === 0 ? undefined : fitLine(listed(words, 8), 900);
}

/** Formats the rows that have a value: name, then the value with a hanging indent. */
export function namedLines(
  rows: readonly Row[],
  { style, columns }: { style: Style; columns: number },
): string[] {
  return rows.flatMap(([name, value]) => {
    const first = `  ${style.dim(name.padEnd(9))} `;
    if (!value) return [];
    const below = `\n${' '.repeat(columnsOf(first))}`;
    return UNBROKEN.has(name)
      ? `${first}${value.replaceAll('\n', below)}`
      : hanging(value, { first, columns });
  });
}

/** Values that are never wrapped, because people copy them; the full-screen view truncates them. */
const UNBROKEN: ReadonlySet<string> = new Set([
  ...['about', 'app', 'branch', 'commits', 'next', 'overview', 'phase', 'worktree'],
]);

type Terminal = Pick<Cli, 'output' | 'cwd' | 'home'>;

/** On a terminal, the shortest form that can still be copied: relative to the current folder, or to `~`. */
export function shownPath(path: string, { output, cwd, home }: Terminal): string {
  if (!output.isLive) return path;
  const below = relative(cwd, path);
  if (below !== '' && !below.startsWith('..') && !isAbsolute(below)) return below;
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

/** Few enough finished sessions that the others still fit on a terminal of 24 lines. */
const MAX_FINISHED = 10;

/**
 * Formats the output of `samocode list`: a line per session, truncated to the terminal's width; in a pipe, complete
 * fields separated by tabs.
 * @param isWhole whether a terminal also shows every finished session
 */
export function formatList(
  sessions: readonly SessionFacts[],
  output: Output,
  { nowMs, isWhole = false }: { nowMs: number; isWhole?: boolean },
): string {
  if (sessions.length === 0) return 'No sessions yet. Start one with: samocode start --task "…"';
  const { style, textColumns: columns } = output;
  if (columns === Number.POSITIVE_INFINITY)
    return sessions.map((facts) => listFields(facts, style)).join('\n');
  const finished = sessions.filter(({ state, needsHuman }) => !needsHuman && hasEnded(state));
  const newest = finished.toSorted((a, b) => b.since.localeCompare(a.since));
  const omitted = new Set(isWhole ? [] : newest.slice(MAX_FINISHED));
  const rows = sessions.flatMap((facts) => {
    if (omitted.has(facts)) return [];
    const { session, id, project, phase, since, needsHuman } = facts;
    return [
      [
        `${needsHuman ? style.attention('●') : ' '} ${style.dim(id)}`,
        `${nameWithoutDate(session)}${wayText(facts)}`,
        phase,
        listedState(facts, style),
        style.dim(age(nowMs - Date.parse(since))),
        ...(project === undefined ? [] : [style.dim(basename(project))]),
      ],
    ];
  });
  const lines = grid(rows, { columns, cut: { 1: 14, 2: 6, 3: 18, 5: 8 } });
  const rest =
    omitted.size > 0
      ? [style.dim(`… ${omitted.size} more: samocode list --state done, or --state stopped`)]
      : [];
  const needing = sessions.filter(({ needsHuman }) => needsHuman);
  return [...lines, ...rest, ...footLines(needing, { columns, style })].join('\n');
}

/** Notes if no CHECK ran, what recurs, and where its application is; `samocode status` has rows for them instead. */
function listedState(facts: SessionFacts, style: Style): string {
  const hasNoCheck = facts.state === 'done' && facts.checks === NO_CHECK;
  const app = facts.app === undefined ? '' : style.dim(`, app: ${facts.app}`);
  const run = facts.recurring === undefined ? '' : style.dim(`, ${fitLine(facts.recurring)}`);
  return `${stateCell(facts, style)}${hasNoCheck ? style.dim(', no CHECK') : ''}${run}${app}`;
}

function footLines(
  needing: readonly SessionFacts[],
  { columns, style }: { columns: number; style: Style },
): string[] {
  const [first] = needing;
  if (first === undefined) return [];
  if (needing.length > 1)
    return [
      '',
      `${needing.length} sessions need you:`,
      ...needing.map((facts) => `  ${style.accent(nextCommandsOf(facts).join(', or '))}`),
    ];
  const hint = `${handleOf(first.session)} needs you:`;
  const next = nextCommandsOf(first).join(', or ');
  const isWide = columnsOf(`${hint} ${next}`) > columns;
  return ['', `${hint}${isWide ? '\n  ' : ' '}${style.accent(next)}`];
}

function listFields(facts: SessionFacts, style: Style): string {
  const { session, id, state, phase, since, needsHuman, project = '' } = facts;
  const needs = needsHuman ? 'needs you' : '';
  return tabSeparated([session, id, state, needs, phase, since, listedState(facts, style), project]);
}

export function exitStatusOf({ state: { status }, pendingCommands }: SessionView): number {
  // A queued command, such as an answer or a goal, may change the state.
  if (pendingCommands.length > 0) return EXIT.pending;
  switch (status.kind) {
    case 'done':
      return EXIT.ok;
    case 'blocked':
      return EXIT.blocked;
    case 'waiting':
      return EXIT.waiting;
    default:
      return EXIT.failed;
  }
}
