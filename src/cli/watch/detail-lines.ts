import { age } from '../../base/durations.ts';
import { counted } from '../../base/plain-words.ts';
import { phaseLine } from '../following/progress-view.ts';
import { hanging } from '../rendering/columns.ts';
import { stateCell } from '../rendering/session-words.ts';
import { fitLine, type Style } from '../terminal/style.ts';
import type { WatchedDetails, WatchedRow } from './watch-model.ts';

interface DetailPlace {
  columns: number;
  height: number;
  style: Style;
  nowMs: number;
}

const COMMITS = 3;

/** What the list has no room for: of one session, as far as the height allows; its log fills the rest. */
export function detailLines(
  row: WatchedRow,
  details: WatchedDetails | undefined,
  place: DetailPlace,
): string[] {
  const { columns, height, style, nowMs } = place;
  const { facts } = row;
  const since = age(nowMs - Date.parse(facts.since));
  const begun = facts.createdAt && `started ${age(nowMs - Date.parse(facts.createdAt))} ago`;
  const about = [row.project, `iteration ${facts.totalIterations}`, begun].filter(Boolean).join(' · ');
  const head = `${style.bold(fitLine(facts.session))}  ${stateCell(facts, style)} ${style.dim(`for ${since}`)}`;
  const isDone = facts.state === 'done';
  const phases = phaseLine({ phase: facts.phase, isDone, columns: columns - FIRST, style });
  const commits = details?.key === row.key ? details : undefined;
  const rows: (string | undefined)[] = [
    named('phase', phases, style),
    facts.needsHuman ? named('next', style.accent(fitLine(facts.next, 400)), style) : undefined,
    named('about', fitLine(about), style),
    worded('task', facts.task, { columns, style }),
    worded('doing', facts.doing, { columns, style }),
    worded('open', facts.openQuestions?.join(', '), { columns, style }),
    worded('reason', facts.reason, { columns, style }),
    worded('needs', facts.needs, { columns, style }),
    worded('summary', facts.summary, { columns, style }),
    worded('spent', facts.spent, { columns, style }),
    worded('problem', facts.problems?.join(' '), { columns, style: { ...style, dim: style.bad } }),
    facts.branch && named('branch', fitLine(`${facts.branch} from ${facts.base}`), style),
    ...commitRows(commits, { style, nowMs }),
  ];
  const known = [head, ...rows.flatMap((text) => (text ? text.split('\n') : []))];
  const room = height - known.length - 1;
  const log = (commits?.log ?? []).slice(-Math.max(0, room));
  const shown =
    room > 0 && log.length > 0 ? [...known, '', ...log.map((line) => style.dim(fitLine(line, 400)))] : known;
  return shown.slice(0, height);
}

const FIRST = 12;

function named(name: string, value: string, style: Style): string {
  return `  ${style.dim(name.padEnd(9))} ${value}`;
}

/** Two lines of it at most: a task may have pages. */
function worded(
  name: string,
  value: string | undefined,
  { columns, style }: Pick<DetailPlace, 'columns' | 'style'>,
): string | undefined {
  if (!value) return undefined;
  const text = fitLine(value, 2 * (columns - FIRST) - 2);
  return hanging(text, { first: `  ${style.dim(name.padEnd(9))} `, columns });
}

function commitRows(
  details: WatchedDetails | undefined,
  { style, nowMs }: Pick<DetailPlace, 'style' | 'nowMs'>,
): string[] {
  const { commits = [], totalCommits = 0 } = details ?? {};
  return commits.slice(0, COMMITS).map(({ hash, subject, committedAt }, index) => {
    const ago = style.dim(`${age(nowMs - Date.parse(committedAt))} ago`);
    const name = index > 0 ? '' : counted(totalCommits, 'commit');
    return named(name, `${style.accent(fitLine(hash).slice(0, 8))} ${fitLine(subject)} ${ago}`, style);
  });
}
