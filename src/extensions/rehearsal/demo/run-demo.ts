import { dirname, join } from 'node:path';
import type { Verification } from '../../../core/acts/proof/verify-proof.act.ts';
import type { Clock } from '../../../core/kernel/clock.ts';
import { stateRoot } from '../../../core/kernel/config-folder.ts';
import { systemHost } from '../../../core/kernel/processes/host.ts';
import { type CommandResult, runCommand } from '../../../core/kernel/processes/run-command.ts';
import { runGit } from '../../../core/project/git/git.ts';
import { nodePath } from '../../../core/sandbox/programs/node-path.ts';
import { readSession } from '../../../core/session/folder/read-session.ts';
import { sessionFolders } from '../../../core/session/folder/session-list.ts';
import { runRoot, sessionPaths } from '../../../core/session/layout/paths.ts';
import { Chat } from './chat.ts';
import { type DemoPlace, makeDemoPlace } from './demo-place.ts';

import paperBoat from './paper-boat.json' with { type: 'json' };
import { type DemoScreen, type Play, type PlayedSession, playSession, shown } from './play-session.ts';

export interface DemoOptions {
  /** The built server's file; the CLI is in the same folder. */
  server: string;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  screen: DemoScreen;
  /** Pause before each step of the rehearsal. */
  paceMs: number;
  /** Keeps the folder for inspection; after a failure it is always kept. */
  keep: boolean;
  signal: AbortSignal;
}

/** What is read of `samocode verify --json`. */
interface DemoProof extends Pick<Verification, 'verified'> {
  checks: Pick<Verification['checks'][number], 'command' | 'expected' | 'found'>[];
}

/** The result of a demo, as printed by `samocode demo --json`. */
export interface DemoReport extends PlayedSession {
  /** True if work was committed, the proof could be repeated and the main checkout is unchanged. */
  ok: boolean;
  /** What went wrong; empty if ok. */
  problems: string[];
  seconds: number;
  /** `hash subject`, oldest first. */
  commits: string[];
  diffStat: string;
  mainUntouched: boolean;
  proof: DemoProof;
  /** The second task, by one agent. */
  quick: Pick<PlayedSession, 'session' | 'branch' | 'iterations'>;
  /** The paths of the demo, if its folder was kept. */
  places?: { root: string; repo: string; worktree: string; sessionDir: string };
}

/**
 * Plays a whole session as a person's chat would: a real MCP client, the built server, a real worker and a
 * real repository; only the agent is a rehearsal. Ends every process that it started.
 */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const { screen, env, paceMs, keep, signal } = options;
  // First, because making the project takes a moment.
  screen.chapter('A to-do list without a way back');
  const place = await makeDemoPlace(env, paceMs);
  const { root, repo } = place;
  screen.line(`The project: ${repo}`);
  try {
    const { sessionDir, worktree, ...report } = await play(place, options);
    if (keep || !report.ok) return { ...report, places: { root, repo, worktree, sessionDir } };
    await place.remove();
    return report;
  } catch (error) {
    screen.line('Stopping …');
    await samocode(place, options, 'stop', '--all', '--now');
    await untilWorkersLeft(place, options);
    // After a failure the folder is evidence; after Ctrl-C it is removed.
    if (signal.aborted) await place.remove();
    screen.line(signal.aborted ? 'Nothing was left behind.' : `The folder was kept: ${root}`);
    throw error;
  }
}

async function play(place: DemoPlace, options: DemoOptions) {
  const { repo } = place;
  const { server, screen, clock, signal } = options;
  const begun = clock.monotonic();
  screen.chapter('A chat hands over the task');
  await using chat = await Chat.open(server, place);
  const call = shown({ chat, screen });
  const project = { project_dir: repo, provider: 'rehearsal', check: paperBoat.check };
  const { sessions } = await call('setup_project', project, repo);
  place.sessions = sessions;
  const checkout = () => gitOut(place, repo, 'status', '--porcelain=v2', '--branch', '--untracked-files=all');
  const before = await checkout();
  const { task } = paperBoat;
  const input = { project_dir: repo, task, name: 'way-back' };
  const { session, cursor } = await call('start_session', input, `“${task}”`);
  const { worktree, ...story } = await playSession({ chat, session, screen, signal }, cursor);
  await untilWorkersLeft(place, options);
  screen.chapter('The proof');
  await call('read_session', { session, what: 'proof' }, 'what=proof');
  screen.line(`samocode verify ${session}: the same commands again, on a fresh clone of the branch`);
  const verified = await samocode(place, options, 'verify', session, '--json');
  const proof: DemoProof = JSON.parse(verified.stdout); // printed by our own CLI
  const quick = await playQuick(place, call, { chat, screen, signal });
  const hasLeft = await untilWorkersLeft(place, options);
  const log = await gitOut(place, worktree, 'log', '--reverse', '--format=%h %s', 'main..HEAD');
  const commits = log.split('\n').filter(Boolean);
  const mainUntouched = (await checkout()) === before;
  const problems = [
    commits.length === 0 && 'Nothing was committed.',
    !proof.verified && 'The proof of the session could not be repeated.',
    !mainUntouched && 'The main checkout was changed.',
    !hasLeft && `A worker was still there ${LEAVING_MS / 1000} s after its session.`,
  ].filter((problem) => problem !== false);
  const diffStat = await gitOut(place, worktree, 'diff', '--stat=76', 'main', 'HEAD');
  const seconds = Math.round((clock.monotonic() - begun) / 100) / 10;
  const facts = { ...story, quick, commits, diffStat, proof, mainUntouched, seconds };
  return { ok: problems.length === 0, problems, ...facts, sessionDir: join(sessions, session), worktree };
}

/** A task of a few lines: no questions, no plan, one agent, the same proof. */
async function playQuick(
  { repo }: DemoPlace,
  call: ReturnType<typeof shown>,
  play: Omit<Play, 'session'>,
): Promise<DemoReport['quick']> {
  const { quickTask: task } = paperBoat;
  play.screen.chapter('A small task needs no plan');
  const input = { project_dir: repo, task, name: 'nothing-twice', quick: true };
  const { session, cursor } = await call('start_session', input, `quick: “${task}”`);
  const { branch, iterations } = await playSession({ ...play, session }, cursor);
  await call('read_session', { session, what: 'proof' }, 'what=proof');
  return { session, branch, iterations };
}

/** Runs the CLI in the demo's project, as a person would. */
async function samocode(
  { repo, env }: DemoPlace,
  { server }: DemoOptions,
  ...words: string[]
): Promise<CommandResult> {
  const args = [join(dirname(server), 'samocode.js'), ...words];
  return await runCommand(await nodePath(env), args, { cwd: repo, env, timeoutMs: 120_000 });
}

const LEAVING_MS = 60_000;
const POLL_MS = 50;

/**
 * A worker exits shortly after it records the end of its session; until it exits, the folder is in use.
 * @returns false if one has not
 */
async function untilWorkersLeft(
  { sessions: sessionsDir, home }: DemoPlace,
  { clock }: DemoOptions,
): Promise<boolean> {
  if (sessionsDir === undefined) return true;
  const host = await systemHost();
  const deadline = clock.monotonic() + LEAVING_MS;
  const runs = runRoot(sessionsDir, stateRoot(home));
  for (const folder of await sessionFolders(sessionsDir)) {
    const paths = sessionPaths(sessionsDir, folder, false, join(runs, folder));
    const isHeld = async () => (await readSession(paths, host))?.worker !== 'none';
    while (await isHeld()) {
      if (clock.monotonic() > deadline) return false;
      await clock.sleep(POLL_MS);
    }
  }
  return true;
}

async function gitOut({ env }: DemoPlace, cwd: string, ...args: string[]): Promise<string> {
  return (await runGit(args, { cwd, baseEnv: env })).stdout.trimEnd();
}
