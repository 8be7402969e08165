import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { sessionFolders } from '../session/session-list.ts';
import { type DemoPlace, makeDemoPlace } from './demo-place.ts';
import { DEMO_TASK } from './demo-project.ts';
import { type Checkout, readBranchWork, readCheckout, runTests, tryTakingBack } from './inspect.ts';
import { Parent } from './parent.ts';
import { playSession, type Story } from './play-session.ts';
import { type DemoReport, reportFrom } from './report.ts';
import type { DemoPerson, DemoScreen } from './screen.ts';
import { Said } from './tool-shapes.ts';
import { untilWorkerLeft } from './until-worker-left.ts';

export interface DemoOptions {
  /** The built server's file. */
  server: string;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  screen: DemoScreen;
  person: DemoPerson;
  /** Milliseconds that the rehearsal child takes for each of its steps. */
  paceMs: number;
  /** The folder stays, so that the person can look around; it stays in any case when something went wrong. */
  keep: boolean;
  signal: AbortSignal;
}

/**
 * Plays a whole session as a person's chat would: a real MCP client, the built server, a real worker and a
 * real repository; only the child is a rehearsal. Ends every process that it started.
 */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const { screen, env, paceMs, clock, keep } = options;
  const begun = clock.monotonic();
  const place = await makeDemoPlace({ env, paceMs });
  screen.chapter('A to-do list without a way back');
  screen.line(`The project: ${place.repo}`);
  const told = await tell(place, options).catch(async (error: unknown) => {
    await leaveOff(place, options);
    throw error;
  });
  const report = await judge(place, told, (clock.monotonic() - begun) / 1000);
  if (!keep && report.ok) {
    await place.remove();
    return report;
  }
  const { worktree, sessionDir } = told.story;
  return { ...report, places: { root: place.root, repo: place.repo, worktree, sessionDir } };
}

/** Nothing goes on working. After a failure the folder is evidence; after Ctrl-C it is litter. */
async function leaveOff(place: DemoPlace, { server, signal, clock, screen }: DemoOptions): Promise<void> {
  screen.line('Stopping …');
  const sessionsDir = join(place.repo, '_samocode', 'sessions');
  // Ctrl-C reached the first server as well, so another one is asked.
  await using parent = await Parent.connect({ server, cwd: place.repo, env: place.env });
  for (const session of await sessionFolders(sessionsDir)) {
    await parent.call('stop_session', { session, when: 'now' }, Said).catch(() => {});
    await untilWorkerLeft(join(sessionsDir, session), clock);
  }
  if (signal.aborted) await place.remove();
  screen.line(signal.aborted ? 'Nothing was left behind.' : `The folder was kept: ${place.root}`);
}

interface Told {
  story: Story;
  toolCalls: Record<string, number>;
  /** The person's checkout right before the session began. */
  before: Checkout;
}

async function tell(place: DemoPlace, options: DemoOptions): Promise<Told> {
  const { server, screen } = options;
  screen.chapter('A chat hands over the task');
  await using parent = await Parent.connect({ server, cwd: place.repo, env: place.env });
  let before = await readCheckout(place.repo, place.env);
  const beforeStart = async () => {
    before = await readCheckout(place.repo, place.env);
  };
  const story = await playSession({ ...options, parent, repo: place.repo, task: DEMO_TASK, beforeStart });
  await untilWorkerLeft(story.sessionDir, options.clock);
  return { story, before, toolCalls: parent.calls };
}

async function judge(
  place: DemoPlace,
  { story, before, toolCalls }: Told,
  seconds: number,
): Promise<DemoReport> {
  const { sessionDir: _, worktree, ...shown } = story;
  const work = await readBranchWork(worktree, before.head, place.env);
  const tests = await runTests(worktree, place.env);
  const feature = await tryTakingBack(worktree, join(place.root, 'tried.json'), place.env);
  const after = await readCheckout(place.repo, place.env);
  return reportFrom({
    ...shown,
    ...work,
    seconds: Math.round(seconds * 10) / 10,
    tests,
    feature: feature ?? null,
    mainUntouched: JSON.stringify(after) === JSON.stringify(before),
    toolCalls,
  });
}
