import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ActionContext } from '../../src/actions/acting/context.ts';
import { answerQa } from '../../src/actions/gates/answer-qa.ts';
import { approvePlan } from '../../src/actions/gates/approve-plan.ts';
import { resumeSession } from '../../src/actions/sessions/resume-session.ts';
import { systemClock } from '../../src/base/clock.ts';
import { endTree } from '../../src/base/processes/end-tree.ts';
import { systemHost } from '../../src/base/processes/host.ts';
import { readHolding } from '../../src/base/processes/lease.ts';
import { SESSION_MARK } from '../../src/providers/starting/environment.ts';
import { launchWorker } from '../../src/providers/starting/launch-worker.ts';
import type { SessionView } from '../../src/session/events/session-view.ts';
import { type SessionPaths, sessionPaths } from '../../src/session/layout/paths.ts';
import { readSession } from '../../src/session/status.ts';
import { builtPrograms } from '../support/built-programs.ts';
import { type UnpackedPlace, unpackPlace } from '../support/recorded-place.ts';

const RECORDINGS = join(import.meta.dirname, '../golden/release-0.1');
const FOLDER = '26-11-20-give-every-boat-a-name';
const SESSION = { session: FOLDER };

interface Opened extends AsyncDisposable {
  place: UnpackedPlace;
  paths: SessionPaths;
  context: ActionContext;
  view(): Promise<SessionView>;
  until(holds: (state: SessionView['state']) => boolean): Promise<SessionView>;
}

interface Row {
  recorded: string;
  status: object;
  /** What a person does, until the session needs nobody any more. */
  acts: ((opened: Opened) => Promise<unknown>)[];
  /** Whether it is followed so far; the others go the rest of the same way. */
  toDone?: true;
}

const answer = ({ context }: Opened) =>
  answerQa({ ...SESSION, answers: [], acceptSuggestions: true }, context);
const approve = ({ context }: Opened) => approvePlan(SESSION, context);
const resume = ({ context }: Opened) => resumeSession(SESSION, context);
const waiting = (opened: Opened) => opened.until(({ status }) => status.kind === 'waiting');

const ROWS: Row[] = [
  {
    recorded: 'waits-for-answers',
    status: { kind: 'waiting', for: 'qa_answers' },
    acts: [answer, waiting, approve],
    toDone: true,
  },
  { recorded: 'waits-for-approval', status: { kind: 'waiting', for: 'plan_approval' }, acts: [approve] },
  { recorded: 'stopped', status: { kind: 'stopped' }, acts: [resume] },
  { recorded: 'died-in-iteration', status: { kind: 'running' }, acts: [] },
  { recorded: 'blocked', status: { kind: 'blocked' }, acts: [resume] },
  { recorded: 'done', status: { kind: 'done' }, acts: [], toDone: true },
];

test.each(ROWS)('a session of 0.1 that $recorded opens with its state and goes on', async (row) => {
  await using opened = await open(row.recorded);
  const log = await readFile(opened.paths.events, 'utf8');
  expect((await opened.view()).state.status).toMatchObject(row.status);

  const before = (await opened.view()).state.lastIteration?.iteration ?? 0;
  for (const act of row.acts) await act(opened);
  const { state } = await opened.until(({ status, lastIteration }) =>
    row.toDone
      ? status.kind === 'done'
      : lastIteration?.ending === 'signalled' && lastIteration.iteration > before,
  );
  if (row.toDone) expect(state.progress.phase).toBe('done');
  expect(await readFile(opened.paths.events, 'utf8')).toMatch(startingWith(log));
});

function startingWith(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`);
}

async function open(recorded: string): Promise<Opened> {
  // The recorded scenario made the moment; from here on the agent works as usual.
  const place = await unpackPlace(join(RECORDINGS, recorded), { 'scenario.json': '{"paceMs":0}' });
  const host = await systemHost();
  const { worker, rehearsal } = await builtPrograms();
  const paths = sessionPaths(join(place.repo, '_samocode/sessions'), FOLDER);
  const context: ActionContext = {
    clock: systemClock,
    host,
    env: place.env,
    home: place.home,
    cwd: place.repo,
    by: { channel: 'cli' },
    programs: { worker, rehearsal },
  };
  async function view(): Promise<SessionView> {
    const found = await readSession(paths, host);
    if (!found) throw new Error('The session is not there.');
    return found;
  }
  const until: Opened['until'] = async (holds) => {
    for (const end = Date.now() + 90_000; Date.now() < end; await systemClock.sleep(200)) {
      const now = await view();
      if (holds(now.state) && now.pendingCommands.length === 0) return now;
      if (now.needsWorker) await launchWorker(paths, { program: worker, env: place.env });
    }
    throw new Error(`Still ${JSON.stringify((await view()).state.status)}`);
  };
  return {
    place,
    paths,
    context,
    view,
    until,
    async [Symbol.asyncDispose]() {
      const holding = await readHolding(paths.leases, host);
      if (holding.kind === 'held' && holding.liveness === 'alive')
        process.kill(holding.lease.owner.pid, 'SIGKILL');
      const { id } = JSON.parse(await readFile(paths.sessionFile, 'utf8'));
      await endTree(undefined, { name: SESSION_MARK, value: id }, { host, clock: systemClock, graceMs: 0 });
      await place[Symbol.asyncDispose]();
    },
  };
}
