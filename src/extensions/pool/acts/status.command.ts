import type { Command } from 'commander';
import type { Cli } from '../../../core/faces/terminal/cli.ts';
import { grid, hanging } from '../../../core/faces/terminal/columns.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/faces/terminal/shared-options.ts';
import { fitLine, harmless, type Style } from '../../../core/faces/terminal/style.ts';
import { age } from '../../../core/kernel/durations.ts';
import { counted } from '../../../core/kernel/text.ts';
import { viewFacts } from '../../../core/session/words/facts.ts';
import { stateText } from '../../../core/session/words/words.ts';
import type { ShownMachine } from '../membership/machines.ts';
import type { PoolReport, PoolSession } from './status.act.ts';

/** Adds `samocode pool status`, which is also what `samocode pool` does. */
export function addPoolStatus(pool: Command, cli: Cli): void {
  withSharedOptions(pool.command('status', { isDefault: true }))
    .description('Show the machines, sessions and problems of the pool')
    .action(async (options: SharedOptions) => {
      const { poolStatus } = await import('./status.act.ts');
      const context = await cli.actionContext();
      const report = await poolStatus(projectOf(options), context);
      const { columns, textColumns, style } = cli.output;
      const sessions = report.sessions.map(shownSession);
      cli.output.result({ ...report, sessions }, () =>
        statusText(report, { columns, textColumns, style, nowMs: context.clock.now() }),
      );
    });
}

export interface StatusTextOptions {
  columns: number;
  /** The width of sentences; infinite in a pipe. */
  textColumns: number;
  style: Style;
  nowMs: number;
}

export function statusText(
  { machines, sessions, problems, disk }: PoolReport,
  { columns, textColumns, style, nowMs }: StatusTextOptions,
): string {
  const lines = machines
    .filter(({ isRemoved }) => !isRemoved)
    .map((machine) => machineLines(machine, { textColumns, style }));
  const rows = sessions.map((session) => sessionRow(shownSession(session), nowMs));
  const copies =
    disk && `Copies of sessions on this machine: ${disk.copies} (${Math.ceil(disk.bytes / 1e6)} MB)`;
  const parts = [
    lines.join('\n'),
    grid(rows, { columns, cut: { 0: 12, 2: 16 } }).join('\n'),
    sessions
      .flatMap(leftLine)
      .map((line) => hanging(harmless(line), { first: '', columns: textColumns }))
      .join('\n'),
    copies,
    problems
      .map((text) => hanging(harmless(text), { first: `${style.attention('!')} `, columns: textColumns }))
      .join('\n'),
  ];
  return parts.filter(Boolean).join('\n\n');
}

function machineLines(
  machine: ShownMachine,
  { textColumns, style }: Pick<StatusTextOptions, 'textColumns' | 'style'>,
): string {
  const { name, isSelf, note } = machine;
  const head = [style.bold(fitLine(name)), isSelf && 'this machine', note && style.attention(fitLine(note))];
  const lines = [head.filter(Boolean).join(' · '), offerOf(machine).join(' · ')];
  return lines
    .map((line, at) => hanging(line, { first: at === 0 ? '' : INDENT, columns: textColumns }))
    .join('\n');
}

const INDENT = '  ';

function offerOf({ id, sign, slots, clis, level, version }: ShownMachine): string[] {
  const used = slots && `${slots.used} of ${counted(slots.all, 'slot')} used`;
  return [sign, used, clis.join(', '), level && `sandbox ${level}`, version, `login ${id}`]
    .flatMap((part) => part || [])
    .map((part) => fitLine(part));
}

/** The first sentence, because a session can have twenty. */
function leftLine({ session, left: [first, ...more] }: PoolSession): string[] {
  if (first === undefined) return [];
  const rest = more.length > 0 ? ` For ${more.length} more: samocode pool status --json` : '';
  return [`${session}: ${first}${rest}`];
}

function shownSession({ view, host, status, iteration, ...rest }: PoolSession) {
  // The machine is shown in its own column.
  const facts = view && { ...viewFacts(view), host: host === undefined ? 'pool' : undefined };
  const state = facts ? stateText(facts).brief : (status ?? 'not shown here yet');
  return { ...rest, host, state, iteration: iteration ?? facts?.iteration };
}

function sessionRow(
  { session, host, state, iteration, publishedAt, unpublishedSince }: ReturnType<typeof shownSession>,
  nowMs: number,
): string[] {
  const ago = (time: string) => age(nowMs - Date.parse(time));
  const published = publishedAt === undefined ? 'not published' : `published ${ago(publishedAt)} ago`;
  const lag = unpublishedSince === undefined ? '' : `, ${ago(unpublishedSince)} behind`;
  const count = iteration === undefined ? '' : `iteration ${iteration}`;
  return [session, host ?? 'no machine', state, count, `${published}${lag}`].map((cell) => fitLine(cell));
}
