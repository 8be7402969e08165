import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sendAndAwait } from '../../../../src/core/caller/commands/await-command.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import type { SessionState } from '../../../../src/core/session/events/state.ts';
import { type Advance, Rounds } from '../../../../src/extensions/github/feedback/rounds.ts';
import { GitHub } from '../../../../src/extensions/github/forge/github.ts';
import { finishSession } from '../../../support/as-shown.ts';
import { type GitHubStub, gitHubStub } from '../../../support/github-stub/github-stub.ts';
import type { StubPullRequest, StubRepository } from '../../../support/github-stub/model.ts';
import { type RigPlan, type SessionRig, startRig } from '../../../support/session-rig.ts';
import { gitWithLogin, putOnHub } from './on-hub.ts';

/** The work of an agent in a round: a script in the worktree. */
export const runs = (script: string) => ({ act: 'run', command: ['sh', '-c', script] });
/** The same in the session folder. */
export const writes = (name: string, text: string) => ({ act: 'write', path: `session:${name}`, text });

const IDENTITY = ['-c', 'user.name=Bob', '-c', 'user.email=bob@example.org'];
const COMMITS = runs("git add -A; git commit -qm 'Answer the round'");
/** The act waits 15 seconds by default, which a busy machine misses. */
const PUBLISHED_MS = 120_000;
const ENDS = { act: 'end', did: 'Looked again', signal: { status: 'continue', phase: 'testing' } };

export interface RoundRig extends AsyncDisposable {
  hub: GitHubStub;
  repository: StubRepository;
  pull: StubPullRequest;
  rig: SessionRig;
  context: ActionContext;
  /** git in a clone of a colleague, with the branch of the pull request checked out. */
  colleague(...args: string[]): Promise<string>;
  /** Writes a file there and commits it. */
  colleagueWrites(name: string, text: string): Promise<void>;
  /** The commit of a branch on the forge. */
  at(branch: string): Promise<string>;
  /** Does the work of the supervisor, now or later, and lets the worker carry out its command. */
  advance(laterMs?: number): Promise<Advance>;
  /** Waits until the session is done again after `advance` has begun a round. */
  untilDone(): Promise<SessionState>;
}

export interface RoundPlan extends RigPlan {
  work?: object[];
  /** Called before each request to the forge is answered. */
  begin?: (repository: StubRepository) => void;
}

/**
 * A done and published session that is watched; with GATES=none it has a commit by a person and no plan. In a round
 * its implementation agent does `work` and commits everything.
 */
const RECORDED = ['resumed', 'pull_request_changed'] as const;

export async function roundRig({
  work = [runs('date +%N >>boats.txt')],
  lines = {},
  begin = () => {},
  ...plan
}: RoundPlan = {}): Promise<RoundRig> {
  const hub = await gitHubStub();
  const repository = await hub.addRepository('fleet/boats');
  const isPlanned = lines.GATES === 'plan';
  const planPhase = isPlanned ? 'done' : 'none';
  const rig = await startRig({
    ...(isPlanned ? {} : { at: 'done' }),
    ...{ here: true, sandbox: 'guard', ...(isPlanned && { firstEnv: hub.env }) },
    lines: { GATES: 'none', CHECK: 'true', PR_WATCH: 'on', ...lines },
    scenario: { rules: [{ when: { phase: 'implementation', planPhase }, do: [...work, COMMITS, ENDS] }] },
    ...plan,
  });
  if (isPlanned) {
    await rig.untilWaiting('plan_approval');
    await rig.approve();
    await rig.until(({ status }) => status.kind === 'done');
  }
  // The person's gh login, in every environment that starts a worker.
  Object.assign(rig.repo.env, hub.env);
  const env = { ...rig.repo.env };
  const git = (cwd: string, ...args: string[]) => gitWithLogin([...IDENTITY, ...args], { cwd, env });
  const { path } = rig.repo;
  await putOnHub(hub, rig.repo);
  const context: ActionContext = { ...rig.context(), env };
  hub.fault = ({ path }) => {
    if (path === '/graphql') begin(repository);
    return undefined;
  };
  const opened = await finishSession(
    { session: rig.file.folder, how: 'pull_request', keep: [], waitMs: PUBLISHED_MS },
    context,
  );
  const pull = repository.pullRequests.get(17);
  if (pull === undefined) throw new Error(`No pull request was opened: ${opened.done}`);
  const clone = join(rig.repo.root, 'colleague');
  await git(path, 'clone', '--quiet', 'https://github.com/fleet/boats.git', clone);
  await git(clone, 'switch', '--quiet', pull.headBranch);
  const rounds = new Rounds();
  return {
    ...{ hub, repository, pull, rig, context },
    colleague: (...args) => git(clone, ...args),
    async colleagueWrites(name, text) {
      await writeFile(join(clone, name), text);
      await git(clone, 'add', '-A');
      await git(clone, 'commit', '--quiet', '-m', `Write ${name}`);
    },
    at: async (branch) =>
      (await git(path, 'ls-remote', 'origin', `refs/heads/${branch}`)).split('\t')[0] ?? '',
    async advance(laterMs = 0) {
      const forge = new GitHub({ env });
      const look = (await forge.pullRequests('github.com/fleet/boats', [17])).pullRequests.get(17);
      if (look === undefined) throw new Error('The forge does not know it.');
      const view = await rig.view();
      const { clock } = context;
      const later = Object.create(clock, {
        monotonic: { value: () => clock.monotonic() + laterMs },
        now: { value: () => clock.now() + laterMs },
      });
      const supervisor: ActionContext = { ...context, clock: later, by: { channel: 'settings' } };
      const advance = await rounds.advance(view, look, { forge, context: supervisor });
      const { request } = advance;
      if (request === undefined) return advance;
      const ends = request.kind === 'publish' ? (['publish_ended'] as const) : RECORDED;
      const { events } = await sendAndAwait(
        view,
        request,
        ends,
        { ...supervisor, clock },
        { workMs: 60_000 },
      );
      const published = events.find((event) => event.type === 'publish_ended');
      return published ? { ...advance, summary: published.summary } : advance;
    },
    untilDone: () => rig.until(({ status }) => status.kind === 'done'),
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
    },
  };
}
