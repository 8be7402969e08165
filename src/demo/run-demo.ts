import { basename, dirname, join } from 'node:path';
import type { ActionContext } from '../actions/acting/context.ts';
import { hasWorker } from '../actions/acting/send-command.ts';
import { openProof } from '../actions/proving/open-proof.ts';
import { type Verification, verifyProof } from '../actions/proving/verify-proof.ts';
import type { Clock } from '../base/clock.ts';
import { systemHost } from '../base/processes/host.ts';
import { runCommand } from '../base/processes/run-command.ts';
import { runGit } from '../project/git/git.ts';
import { nodePath } from '../providers/starting/node-path.ts';
import { sessionPaths } from '../session/layout/paths.ts';
import { sessionFolders } from '../session/session-list.ts';
import { Chat } from './chat.ts';
import { type DemoPlace, makeDemoPlace } from './demo-place.ts';
import { DEMO_CHECK, DEMO_TASK } from './paper-boat.ts';
import { type DemoScreen, playSession, type Story } from './play-session.ts';

export interface DemoOptions {
  /** The built server's file. */
  server: string;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  screen: DemoScreen;
  /** Milliseconds that the rehearsal takes for each of its steps. */
  paceMs: number;
  /** The folder stays, to look around; it stays in any case when something went wrong. */
  keep: boolean;
  signal: AbortSignal;
}

/** What a demo came to: `samocode demo --json`. */
export interface DemoReport extends Story {
  /** Committed, its tests pass there, main checkout untouched. */
  ok: boolean;
  /** What is missing, in words; empty when ok. */
  problems: string[];
  seconds: number;
  /** `hash subject`, oldest first. */
  commits: string[];
  diffStat: string;
  tests: { exitCode: number | null; passed: number; failed: number };
  mainUntouched: boolean;
  /** What became of the session's proof when it was repeated. */
  proof: Verification;
  /** Where everything is; only when it was kept. */
  places?: { root: string; repo: string; worktree: string; sessionDir: string };
}

/**
 * Plays a whole session as a person's chat would: a real MCP client, the built server, a real worker and a
 * real repository; only the agent is a rehearsal. Ends every process that it started.
 */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const { screen, env, paceMs, keep } = options;
  const place = await makeDemoPlace(env, paceMs);
  screen.chapter('A to-do list without a way back');
  screen.line(`The project: ${place.repo}`);
  const { report, sessionDir, worktree } = await play(place, options).catch(async (error: unknown) => {
    await leaveOff(place, options);
    throw error;
  });
  const { root, repo, remove } = place;
  if (keep || !report.ok) return { ...report, places: { root, repo, worktree, sessionDir } };
  await remove();
  return report;
}

async function play(place: DemoPlace, { server, screen, clock, signal }: DemoOptions) {
  const { repo, env } = place;
  const begun = clock.monotonic();
  screen.chapter('A chat hands over the task');
  await using chat = await Chat.open(server, repo, env);
  screen.toolCall('setup_project', repo);
  const { sessions } = await chat.call('setup_project', {
    project_dir: repo,
    provider: 'rehearsal',
    check: DEMO_CHECK,
  });
  const checkout = () => gitOut(place, repo, 'status', '--porcelain=v2', '--branch', '--untracked-files=all');
  const before = await checkout();
  screen.toolCall('start_session', `“${DEMO_TASK}”`);
  const input = { project_dir: repo, task: DEMO_TASK, name: 'way-back' };
  const { session, cursor } = await chat.call('start_session', input);
  const { worktree, ...story } = await playSession({ chat, session, screen, signal }, cursor);
  const sessionDir = join(sessions, session);
  await untilWorkerLeft(sessionDir, clock);
  screen.chapter('The proof');
  screen.toolCall('read_session', 'what=proof');
  await chat.call('read_session', { session, what: 'proof' });
  screen.line(`samocode verify ${session}: the same commands again, on a fresh clone of the branch`);
  const proof = await repeatProof(place, session, { server, clock, signal });
  const log = await gitOut(place, worktree, 'log', '--reverse', '--format=%h %s', 'main..HEAD');
  const report = withVerdict({
    ...story,
    commits: log.split('\n').filter(Boolean),
    diffStat: await gitOut(place, worktree, 'diff', '--stat=76', 'main', 'HEAD'),
    tests: await runTests(worktree, env),
    proof,
    mainUntouched: (await checkout()) === before,
    seconds: Math.round((clock.monotonic() - begun) / 100) / 10,
  });
  return { report, sessionDir, worktree };
}

function withVerdict(facts: Omit<DemoReport, 'ok' | 'problems'>): DemoReport {
  const { commits, tests, mainUntouched, proof } = facts;
  const problems = [
    commits.length === 0 && 'Nothing was committed.',
    (tests.exitCode !== 0 || tests.passed === 0) && 'The tests of the project do not pass on the branch.',
    !proof.verified && 'The proof of the session could not be repeated.',
    !mainUntouched && 'The main checkout was changed.',
  ].filter((problem) => problem !== false);
  return { ok: problems.length === 0, problems, ...facts };
}

/** Nothing continues to work. After a failure the folder is evidence; after Ctrl-C it is litter. */
async function leaveOff(place: DemoPlace, { server, signal, clock, screen }: DemoOptions): Promise<void> {
  screen.line('Stopping …');
  const sessionsDir = join(place.repo, '_samocode', 'sessions');
  // Ctrl-C reached the first server as well, so another one is asked.
  await using chat = await Chat.open(server, place.repo, place.env);
  for (const session of await sessionFolders(sessionsDir)) {
    await chat.call('stop_session', { session, when: 'now' }).catch(() => {});
    await untilWorkerLeft(join(sessionsDir, session), clock);
  }
  if (signal.aborted) await place.remove();
  screen.line(signal.aborted ? 'Nothing was left behind.' : `The folder was kept: ${place.root}`);
}

const LEAVING_MS = 10_000;
const LOOK_MS = 50;

/** A worker exits at done a moment after it has recorded it; until then the folder is still in use. */
async function untilWorkerLeft(sessionDir: string, clock: Clock): Promise<void> {
  const paths = sessionPaths(dirname(sessionDir), basename(sessionDir));
  const host = await systemHost();
  const deadline = clock.monotonic() + LEAVING_MS;
  while (clock.monotonic() < deadline && (await hasWorker(paths, { host }))) await clock.sleep(LOOK_MS);
}

/** What `samocode verify` does. */
async function repeatProof(
  { repo, env }: DemoPlace,
  session: string,
  { server, clock, signal }: Pick<DemoOptions, 'server' | 'clock' | 'signal'>,
): Promise<Verification> {
  const program = (name: string) => join(dirname(server), name);
  const context: ActionContext = {
    ...{ clock, env, home: env.HOME ?? '', cwd: repo, host: await systemHost(), by: { channel: 'cli' } },
    programs: { worker: program('worker.cjs'), rehearsal: program('samocode-rehearsal.cjs') },
  };
  return await verifyProof(await openProof({ of: session }, context), context, { signal });
}

async function gitOut({ env }: DemoPlace, cwd: string, ...args: string[]): Promise<string> {
  return (await runGit(args, { cwd, baseEnv: env })).stdout.trimEnd();
}

/** Runs the project's own tests where the branch is checked out. */
async function runTests(cwd: string, env: Record<string, string>): Promise<DemoReport['tests']> {
  const args = ['--test', '--test-reporter=tap'];
  const { exitCode, stdout } = await runCommand(await nodePath(env), args, { cwd, env, timeoutMs: 60_000 });
  const count = (name: string) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(stdout)?.[1] ?? 0);
  return { exitCode, passed: count('pass'), failed: count('fail') };
}
