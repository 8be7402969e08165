import type { Traces } from '../../agents/contract/provider.ts';
import { limitEndIn } from '../../agents/reading/limit-time.ts';
import { judgePrinted } from '../../agents/reading/offered-tools.ts';
import { readTail } from '../../kernel/files/lines.ts';
import type { EndingKind } from '../../kernel/phases/ending.ts';
import { quotedSaid, saidBy, withoutSecrets } from '../../kernel/said.ts';
import { counted, cut, visibleControls } from '../../kernel/text.ts';
import { type ChildRecord, NEVER_STARTED } from '../../sandbox/programs/run-child.ts';
import type { Cost } from '../../session/events/bodies/positions.ts';
import { type CostFound, costOf } from '../limits/cost-of.ts';
import { noteWindows } from '../limits/kept-windows.ts';
import type { ChildLog } from '../limits/output.ts';
import { type Iteration, readExit } from '../state/iteration.ts';
import type { Worker } from '../state/worker.ts';
import type { WatchEnd } from './sampler.ts';

export interface ChildEnded {
  end: WatchEnd | 'not_started';
  awakeMs: number;
  child?: ChildRecord;
  log?: ChildLog;
  problem?: string;
  /** Paths of the run folder that changed though only the worker writes there. */
  runFolder?: string[];
}

export interface ProcessEnd {
  end: EndingKind;
  exitCode: number | null;
  problem?: string;
  limitedUntil?: number;
  cost: Cost;
  gap?: CostFound['gap'];
}

/** How the process ended, apart from its signal: judged by our action, its output and exit status, in that order. */
export async function readChildEnd(worker: Worker, open: Iteration, ended: ChildEnded): Promise<ProcessEnd> {
  const exitText = ended.child && (await readExit(open, ended.child));
  const exitCode = exitText !== undefined && /^\d{1,3}$/.test(exitText) ? Number(exitText) : null;
  const final = ended.log?.seen.final;
  const traces = await tracesOf(worker, open, ended.log);
  await noteWindows(worker, open.cli.name, traces.windows ?? ended.log?.seen.windows, ended.log?.printedAt);
  const spent = await costOf(worker, open, { log: ended.log, traces });
  const base = { exitCode, ...spent, problem: ended.problem };
  if (ended.end === 'not_started' || exitText === NEVER_STARTED) return { ...base, end: 'not_started' };
  const asked = { phase: open.phase, permissions: worker.file.settings.permissions };
  const { unfit } = judgePrinted(open.cli, asked, ended.log?.seen.started ?? {});
  // An agent can end before its start was judged.
  if (unfit !== undefined && (ended.end === 'unfit' || ended.end === 'exited'))
    return { ...base, end: 'config', problem: unfit };
  const stderrTail = readTail(open.logs.stderr, 8192);
  const denied = deniedTo(ended, exitCode, open.cli.reviewer?.wordsIn?.(stderrTail));
  if (denied !== undefined) return { ...base, end: 'refused', problem: withoutSecrets(denied, worker.env) };
  const byUs = ENDED_BY_US[ended.end];
  if (byUs !== undefined)
    return { ...base, ...byUs, ...(ended.end === 'overage' && finite(ended.log?.seen.limitedUntil)) };
  const guardProblem = ended.child?.guard ? guardFailure(open, exitCode) : undefined;
  if (guardProblem !== undefined) return { ...base, end: 'not_started', problem: guardProblem };
  const stdoutTail = open.cli.printsAtEnd ? readTail(open.logs.stdout, 8192) : '';
  const problem = open.cli.classifyEnd(final, { exitCode, stderrTail, stdoutTail });
  if (problem === undefined) return { ...base, end: 'no_signal' };
  const stated = problem.kind === 'usage_limit' ? problem.until : undefined;
  const limitedUntil =
    problem.kind === 'usage_limit'
      ? (stated ??
        ended.log?.seen.limitedUntil ??
        traces.limitedUntil ??
        limitEndIn(final?.text ?? stderrTail, worker.clock.now()))
      : undefined;
  const own = 'advice' in problem ? problem.advice : undefined;
  const advice = own ?? (problem.kind === 'auth' ? open.cli.preflight?.loginFix : undefined);
  const said =
    final?.text === undefined
      ? // Each without secrets: both tails may begin inside of one.
        saidBy([stdoutTail, stderrTail].map((tail) => withoutSecrets(tail, worker.env)).join('\n'))
      : withoutSecrets(final.text, worker.env);
  const text = [quotedSaid(said), advice].filter(Boolean).join(' ').trimStart();
  return {
    ...base,
    end: problem.kind,
    ...(text !== '' && { problem: text }),
    ...finite(limitedUntil),
  };
}

const MAX_WORDS = 200;

/** What the vendor's reviewer said to an agent that got nothing else done, as Codex ends one: without a last message. */
function deniedTo(
  { end, log }: ChildEnded,
  exitCode: number | null,
  words: readonly string[] = [],
): string | undefined {
  if (log === undefined || (end !== 'denied' && end !== 'exited')) return undefined;
  const { denials, isDenied, final } = log.seen;
  if (!isDenied && (denials.length === 0 || final !== undefined || exitCode !== 1)) return undefined;
  const shown = [...new Set([...denials, ...words])].map((text) => visibleControls(cut(text, MAX_WORDS)));
  return `Its reviewer denied ${counted(denials.length, 'action')}, and nothing was done between them: ${shown.join(' / ')}`;
}

/** An event cannot hold NaN. */
function finite(limitedUntil: number | undefined): Pick<ProcessEnd, 'limitedUntil'> {
  return limitedUntil !== undefined && Number.isFinite(limitedUntil) ? { limitedUntil } : {};
}

/**
 * Bubblewrap exits with 1 on a failure, as an agent can, but it reports an exit status only for an agent that ran. If
 * it reports no agent at all, its own program was missing.
 */
function guardFailure({ files, logs }: Iteration, exitCode: number | null): string | undefined {
  if (exitCode === null) return undefined;
  const status = readTail(files.guardStatus, 8192);
  if (status.includes(exitCode === 1 ? '"exit-code"' : '"child-pid"')) return undefined;
  const lastLine = readTail(logs.stderr, 8192).trimEnd().split('\n').at(-1) ?? '';
  return `The guard did not start the agent: ${visibleControls(lastLine.slice(0, 300))}`;
}

async function tracesOf(worker: Worker, { cli }: Iteration, log: ChildLog | undefined): Promise<Traces> {
  const { readTraces } = cli;
  const cliSession = log?.seen.started.cliSession;
  if (readTraces === undefined || cliSession === undefined) return {};
  const folder = await worker.guard.stateFolder(cli.name);
  if (folder === undefined) return {};
  return await readTraces({ cliSession, folder, final: log?.seen.final, now: worker.clock.now() });
}

/** Endings caused by the worker. An agent that lingers after its final event has ended normally. */
const ENDED_BY_US: Partial<Record<ChildEnded['end'], Pick<ProcessEnd, 'end' | 'problem'>>> = {
  timeout: { end: 'timeout' },
  flooded: { end: 'flooded' },
  stop: { end: 'killed' },
  overage: { end: 'usage_limit', problem: 'It began to work on extra usage, and OVERAGE is wait.' },
  budget: { end: 'budget', problem: 'Its share of the budget was spent.' },
  network: { end: 'network', problem: 'It did nothing but wait for the network.' },
  silent: { end: 'timeout', problem: 'It printed nothing at all after its start.' },
  stalled: { end: 'timeout', problem: 'It stalled: no output and no file change.' },
};
