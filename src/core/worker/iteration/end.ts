import { unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Traces } from '../../agents/contract/provider.ts';
import { limitEndIn } from '../../agents/reading/limit-time.ts';
import { judgePrinted } from '../../agents/reading/offered-tools.ts';
import { BASE_ERRORS } from '../../kernel/base-errors.ts';
import { ifThere } from '../../kernel/errors.ts';
import { ensurePlainFolder } from '../../kernel/files/append-lines.ts';
import { removeDrafts } from '../../kernel/files/atomic-file.ts';
import { gitDirOf, isOwnGitDir, sharedDirOf } from '../../kernel/files/git-pointer.ts';
import { readTail } from '../../kernel/files/lines.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import type { EndingKind } from '../../kernel/phases/ending.ts';
import { gitsIn } from '../../kernel/processes/working-in.ts';
import { quotedSaid, saidBy, withoutSecrets } from '../../kernel/said.ts';
import { isGuarded } from '../../kernel/sandbox-level.ts';
import { beginning, counted, cut, visibleControls } from '../../kernel/text.ts';
import { refPrefix } from '../../project/checkpoints/checkpoint-refs.ts';
import { restoreFound } from '../../project/worktrees/as-found.ts';
import { type Collected, collectPrivateGit } from '../../sandbox/private-git/collect.ts';
import { privateGitIn, readNote } from '../../sandbox/private-git/private-git.ts';
import { type ChildRecord, NEVER_STARTED } from '../../sandbox/programs/run-child.ts';
import type { Cost } from '../../session/events/bodies/positions.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { refNameOf } from '../../session/layout/names.ts';
import { takeCommands } from '../commands/take-commands.ts';
import { RUN_FOLDER_ITSELF, runFolderChanges, snapshotBefore } from '../guarding/changes.ts';
import { noteWindows } from '../limits/account.ts';
import { type AgentOutput, type CostFound, costOf } from '../limits/output.ts';
import { keepWork } from '../record/keep-work.ts';
import { foundPlace } from '../state/as-ours.ts';
import { type Iteration, readExit } from '../state/iteration.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';
import type { WatchEnd } from './watch.ts';

export interface EndedAgent {
  end: WatchEnd | 'not_started';
  awakeMs: number;
  child?: ChildRecord;
  log?: AgentOutput;
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
export async function readAgentEnd(worker: Worker, open: Iteration, ended: EndedAgent): Promise<ProcessEnd> {
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
  const problem = open.cli.classifyEnd(final, { exitCode, stderrTail });
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
      ? saidBy(withoutSecrets(stderrTail, worker.env))
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
  { end, log }: EndedAgent,
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

async function tracesOf(worker: Worker, { cli }: Iteration, log: AgentOutput | undefined): Promise<Traces> {
  const { readTraces } = cli;
  const cliSession = log?.seen.started.cliSession;
  if (readTraces === undefined || cliSession === undefined) return {};
  const folder = await worker.guard.stateFolder(cli.name);
  if (folder === undefined) return {};
  return await readTraces({ cliSession, folder, final: log?.seen.final, now: worker.clock.now() });
}

/** Endings caused by the worker. An agent that lingers after its final event has ended normally. */
const ENDED_BY_US: Partial<Record<EndedAgent['end'], Pick<ProcessEnd, 'end' | 'problem'>>> = {
  timeout: { end: 'timeout' },
  flooded: { end: 'flooded' },
  stop: { end: 'killed' },
  overage: { end: 'usage_limit', problem: 'It began to work on extra usage, and OVERAGE is wait.' },
  budget: { end: 'budget', problem: 'Its share of the budget was spent.' },
  network: { end: 'network', problem: 'It did nothing but wait for the network.' },
  silent: { end: 'timeout', problem: 'It printed nothing at all after its start.' },
  stalled: { end: 'timeout', problem: 'It stalled: no output and no file change.' },
};

/**
 * Checks the run folder once the agent's process tree has ended, before anything is judged; commands from that
 * time that could open a gate are refused.
 * @returns paths that changed though only the worker writes there
 */
export async function checkRunFolder(worker: Worker, open: Iteration): Promise<string[]> {
  return await checkAndCollect(worker, open).catch(async (error: unknown) => {
    if (BASE_ERRORS.file_rewritten.is(error))
      await keepWork(worker, { kind: 'after', iteration: open.iteration });
    throw error;
  });
}

async function checkAndCollect(worker: Worker, open: Iteration): Promise<string[]> {
  // A missing repository blocks the session later, with a more precise message.
  await worker.git.removePlanted(stateOf(worker).worktree?.path).catch(() => undefined);
  const kept = async () => (await snapshotBefore(open))?.runFolder;
  const changed = await runFolderChanges(worker, open, kept);
  if (changed.includes(basename(worker.paths.gitSettings)) || changed.includes(RUN_FOLDER_ITSELF))
    await worker.git.writeAgain(worker.memory.runFolder?.iteration === open.iteration);
  // Otherwise no command from a person could reach the worker.
  ensurePlainFolder(worker.paths.commands);
  // Commands waiting now could come from the agent: they are judged as if it were still running.
  await takeCommands(worker, 'agent_runs');
  // Readers trust a cached state that matches the log; a forged one could match.
  worker.writer.writeCache();
  await removeStaleLocks(worker, open);
  removeDraftsOfDead(worker);
  await collectWork(worker);
  const path = stateOf(worker).worktree?.path;
  const isTrusted = !changed.includes(basename(worker.paths.asFound)) && !changed.includes(RUN_FOLDER_ITSELF);
  if (path !== undefined) await restoreFound(foundPlace(worker, path), { isTrusted });
  return changed;
}

/** Removes the drafts of a killed worker or agent: once the process tree has ended, only this worker writes there. */
export function removeDraftsOfDead({ paths }: Worker): void {
  removeDrafts(paths.sessionDir);
  removeDrafts(paths.runDir);
}

/** Locks that a killed git leaves in a worktree's git folder. */
const LOCKS = ['index.lock', 'HEAD.lock'];

/**
 * Removes the locks of an agent's killed git: those of this worktree and of the session's branch. In the guard, an agent
 * locks its own git folder. A lock from before the agent, or beside a running git, is a person's: it stays, and is named.
 */
async function removeStaleLocks(worker: Worker, { startedAt }: OpenIteration): Promise<void> {
  const { worktree, sandbox } = stateOf(worker);
  const isPrivate = (await readNote(privateGitIn(worker.paths.runDir))) !== undefined;
  if (worktree === undefined || (isPrivate && sandbox !== undefined && isGuarded(sandbox))) return;
  try {
    const gitDir = await gitDirOf(worktree.path);
    // Locks of another worktree, or of the main checkout, may belong to a running git.
    if (gitDir === undefined || !(await isOwnGitDir(worktree.path, gitDir))) return;
    const shared = (await sharedDirOf(gitDir)) ?? gitDir;
    const paths = [
      ...LOCKS.map((lock) => join(gitDir, lock)),
      join(shared, 'refs/heads', `${worktree.branch}.lock`),
    ].filter((path) => statsAt(path) !== undefined);
    if (paths.length === 0) return;
    const isQuiet = gitsIn(worktree.path)?.length === 0;
    const isDead = (path: string) => isQuiet && (statsAt(path)?.mtimeMs ?? 0) >= Date.parse(startedAt);
    const dead = paths.filter(isDead);
    for (const path of dead) ifThere(() => unlinkSync(path));
    const left = paths.filter((path) => !dead.includes(path) && statsAt(path) !== undefined);
    if (left.length === 0) return;
    const text = `A lock of git was left in place, because it may be of a git that you are running: ${left.join(', ')}. Agents cannot commit while it is there. If no git or editor is working in ${worktree.path}, remove it.`;
    await record(worker, { type: 'notice', code: 'locks', text, flow: text });
  } catch (error) {
    const text = `Stale locks were not removed: ${error instanceof Error ? error.message : error}`;
    await record(worker, { type: 'notice', code: 'locks', text: text.slice(0, 500) });
  }
}

/**
 * Fetches commits from the session's private git folder into the repository: after an agent, and before the next
 * one, since SETUP and CHECK can commit too. Nothing of the session may be running in the guard.
 * @throws GitError when the repository can't be written; a repeated call has the same result
 */
export async function collectWork(worker: Worker): Promise<void> {
  const { worktree } = stateOf(worker);
  const git = privateGitIn(worker.paths.runDir);
  if (worktree === undefined || (await readNote(git)) === undefined) return;
  const gitDir = await gitDirOf(worktree.path);
  if (gitDir === undefined) return;
  const { context } = worker.git;
  const plan = {
    git,
    commonDir: await worker.git.sharedDir(),
    gitDir,
    branch: worktree.branch,
    worktreePath: worktree.path,
    ownRefs: refPrefix(refNameOf(worker.file)),
    message: `samocode: ${worker.file.folder}`,
  };
  const text = noticeOf(await collectPrivateGit(plan, context), plan);
  if (text !== undefined) await record(worker, { type: 'notice', code: 'commits', text, flow: text });
}

/** What the person and the next agent must know; undefined if the branch was simply updated. */
function noticeOf(
  { kind, why = '', others, head, lockedBy }: Collected,
  { branch, ownRefs }: { branch: string; ownRefs: string },
): string | undefined {
  const parts = [
    kind === 'refused'
      ? `The new commits could not be fetched: ${beginning(visibleControls(why), MAX_CHARACTERS)}. The files in the worktree are as the agent left them; commit them again.`
      : '',
    kind === 'aside'
      ? `Someone else moved ${branch} while the agent was running. The branch was left unchanged; the agent's commits are kept as ${ownRefs}heads/${branch}, and its files are in the worktree.`
      : '',
    kind === 'branch_gone'
      ? `The agent deleted ${branch}. The branch was left unchanged, and the files are in the worktree.`
      : '',
    others.length === 0 ? '' : `Commits that are not on ${branch} are kept as ${others.join(', ')}.`,
    head === undefined || (kind === 'nothing' && others.length === 0)
      ? ''
      : `The agent left ${head.replace(/^refs\/heads\//, '')} checked out; only commits on ${branch} count as the work of this session.`,
    lockedBy === undefined
      ? ''
      : `Git's index of the worktree is behind ${branch}, because another git holds ${lockedBy}; it is updated at the next step after that. If no git or editor is working in the worktree, remove that file.`,
  ];
  return parts.some((part) => part !== '') ? parts.filter((part) => part !== '').join(' ') : undefined;
}

const MAX_CHARACTERS = 600;
