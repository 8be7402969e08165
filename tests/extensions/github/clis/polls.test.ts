import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { pendingCommandIds, readCommand } from '../../../../src/core/session/commands/commands.ts';
import { FORMAT_VERSION } from '../../../../src/core/session/events/bodies/format.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import type { SessionView } from '../../../../src/core/session/folder/session-view.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readPollRecord } from '../../../../src/core/session/layout/poll-record.ts';
import { PullRequests } from '../../../../src/extensions/github/feedback/pull-requests.ts';
import { GitHub } from '../../../../src/extensions/github/forge/github.ts';
import { HandClock, MINUTE_MS } from '../../../core/unit/supervisor/scene.ts';
import { eventually } from '../../../support/eventually.ts';
import { gitHubStub } from '../../../support/github-stub/github-stub.ts';
import { FieldError } from '../../../support/github-stub/graphql.ts';
import type { StubPullRequest } from '../../../support/github-stub/model.ts';
import { hostWith } from '../../../support/hosts.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** Polls of 50 unchanged pull requests; a thousand polls take some minutes. */
const POLLS = Number(process.env.POLLS ?? 8);
const AT = '2026-01-08T10:00:00.000Z';
const DONE = { kind: 'done', since: '2026-01-08T09:00:00.000Z', summary: '' } as const;
const STOPPED = { kind: 'stopped', since: DONE.since, by: { channel: 'cli' }, why: '' } as const;

/**
 * Sessions, each with its pull request, and the part that polls them, with the real gh and a clock that is set by hand.
 * `withRounds`: they are done, so rounds may begin.
 */
async function scene({ count = 1, gh = '', withRounds = false } = {}) {
  const hub = await gitHubStub();
  const repository = await hub.addRepository('fleet/boats');
  const dir = await tempDir();
  const clock = new HandClock();
  // Not in the home folder, which comes last in PATH.
  const programs = await tempDir();
  if (gh) await writeFile(join(programs.path, 'gh'), `#!/bin/sh\n${gh}\n`, { mode: 0o755 });
  const env = { ...hub.env, PATH: `${programs.path}:${process.env.PATH}`, HOME: dir.path };
  const context: ActionContext = {
    ...{ clock, host: hostWith([]), env, home: dir.path, cwd: dir.path, by: { channel: 'settings' } },
    programs: { worker: '', rehearsal: '' },
  };
  const login = async (signal: AbortSignal) => ({ forge: new GitHub({ env, signal }), context });
  const polls = new PullRequests(login, clock);
  const opened = Array.from({ length: count }, (_, at) => repository.openPullRequest(`samocode/${at}`));
  const views = opened.map((pullRequest, at) =>
    viewOf(dir.path, pullRequest, at, withRounds ? DONE : STOPPED),
  );
  const failures: unknown[] = [];
  /** Polls if a poll is due, then applies the commands to the sessions, as their workers would. */
  const poll = async (): Promise<number> => {
    const start = () => polls.poll(views, (_, error) => failures.push(error));
    let next = start();
    // The next call is due after a second while a poll is in progress.
    for (; next === clock.monotonic() + 1000; next = start()) await systemClock.sleep(5);
    for (const view of views) await takeCommands(view);
    return next;
  };
  return {
    ...{ hub, repository, opened, views, clock, polls, failures, poll, home: dir.path },
    /** The minutes between the next polls. */
    gaps: async (times: number) => {
      const gaps: number[] = [];
      for (let left = times; left > 0; left -= 1) {
        await poll();
        const waitMs = (await poll()) - clock.monotonic();
        gaps.push(Math.round(waitMs / 100) / 600);
        clock.pass(waitMs);
      }
      return gaps;
    },
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
      await programs[Symbol.asyncDispose]();
    },
  };
}

function viewOf(
  root: string,
  { number, url }: StubPullRequest,
  at: number,
  status: SessionView['state']['status'],
): SessionView {
  const paths = sessionPaths(root, `26-01-08-boat-${at}`);
  const pullRequest = { repository: 'github.com/fleet/boats', number, url, watched: true } as const;
  const state = {
    ...{ ...emptyState(), status },
    pullRequest: { ...pullRequest, state: 'open', since: DONE.since } as const,
  };
  const view = { folder: paths.folder, paths, state, worker: 'none', pendingCommands: [] };
  return view as Partial<SessionView> as SessionView;
}

const taken = new Set<string>();

async function takeCommands(view: SessionView): Promise<void> {
  for (const id of pendingCommandIds(view.paths)) {
    const reading = await readCommand(view.paths, id);
    if (taken.has(id) || reading?.kind !== 'command' || reading.command.kind !== 'pull_request') continue;
    taken.add(id);
    const { kind: _, id: __, v: ___, ...body } = reading.command;
    view.state = fold(view.state, {
      ...{ v: FORMAT_VERSION, n: view.state.n + 1, lease: 1 },
      ...{ type: 'pull_request_changed', ...body },
    });
  }
}

const stateOf = ({ state: { pullRequest } }: SessionView) => [pullRequest?.state, pullRequest?.mergeCommit];
const changes = ({ state }: SessionView) => state.n;

test('while a pull request is open its repository is polled once a minute, by one request for all of them', async () => {
  await using s = await scene({ count: 50 });
  expect(await s.gaps(POLLS)).toEqual(Array(POLLS).fill(1));
  expect(s.hub.requests).toHaveLength(POLLS);
  expect(Math.max(...s.hub.requests.map(({ points }) => points))).toBeLessThanOrEqual(2);
  expect(s.views.map(changes)).toEqual(s.views.map(() => 0));
});

test('GitHub decides what is merged, also by a squash; each change is recorded once, and a merged pull request is no longer polled', async () => {
  await using s = await scene({ count: 2 });
  await s.poll();
  const [first, second] = s.opened;
  Object.assign(first ?? {}, { state: 'MERGED', mergeCommit: 'd'.repeat(40) });
  s.clock.pass(10 * MINUTE_MS);
  await s.poll();
  expect(s.views.map(stateOf)).toEqual([
    ['merged', 'd'.repeat(40)],
    ['open', undefined],
  ]);
  Object.assign(second ?? {}, { state: 'CLOSED' });
  s.clock.pass(10 * MINUTE_MS);
  await s.poll();
  expect(s.views.map(changes)).toEqual([1, 1]);
  expect(s.hub.requests).toHaveLength(3);
});

test('a closed pull request is polled once an hour for 14 days, and is open again once it was reopened', async () => {
  await using s = await scene();
  const [pull] = s.opened;
  Object.assign(pull ?? {}, { state: 'CLOSED' });
  expect(await s.gaps(3)).toEqual([60, 60, 60]);
  Object.assign(pull ?? {}, { state: 'OPEN' });
  await s.gaps(1);
  expect(s.views.map(stateOf)).toEqual([['open', undefined]]);
  Object.assign(pull ?? {}, { state: 'CLOSED' });
  await s.gaps(1);
  s.clock.pass(14 * 24 * 60 * MINUTE_MS);
  const asked = s.hub.requests.length;
  expect(await s.poll()).toBe(Number.POSITIVE_INFINITY);
  expect(s.hub.requests).toHaveLength(asked);
});

test('a pull request that GitHub does not show is recorded as unseen after ten minutes, until it is shown again', async () => {
  await using s = await scene({ count: 2 });
  await s.poll();
  const shown = s.repository.pullRequests.get(17) as StubPullRequest;
  s.repository.pullRequests.delete(17);
  s.clock.pass(2 * MINUTE_MS);
  await s.gaps(11);
  const [first, second] = s.views.map(({ state }) => state.pullRequest);
  expect(first?.unseen).toEqual({
    since: '2026-01-08T10:02:00.000Z',
    why: expect.stringContaining('does not show this pull request to your login'),
  });
  expect(second?.unseen).toBeUndefined();
  s.repository.pullRequests.set(17, shown);
  await s.gaps(1);
  expect(s.views[0]?.state.pullRequest?.unseen).toBeUndefined();
  expect(s.views.map(changes)).toEqual([2, 0]);
});

test('without changes the time of the last poll that saw it is stored beside the log', async () => {
  await using s = await scene();
  const [view] = s.views;
  await mkdir(view?.paths.runDir ?? '', { recursive: true });
  await s.poll();
  s.clock.pass(5 * MINUTE_MS);
  await s.poll();
  const lastPoll = async () => view && (await readPollRecord(view.paths, { number: 17 }));
  expect(await lastPoll()).toEqual({ number: 17, seenAt: '2026-01-08T10:05:00.000Z' });
  s.hub.viewer = undefined;
  s.clock.pass(10 * MINUTE_MS);
  await s.poll();
  expect(await lastPoll()).toEqual({ number: 17, seenAt: '2026-01-08T10:05:00.000Z' });
  expect(s.views.map(changes)).toEqual([0]);
});

test.each([
  ['that saw it', { number: 17, seenAt: AT, missedAt: AT }, { number: 17, seenAt: AT }],
  ['that never saw it', { number: 17, missedAt: AT }, undefined],
  ['of another pull request', { number: 16, seenAt: AT }, undefined],
])('the record of a poll %s by an earlier version is read safely', async (_, written, expected) => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-boat');
  await mkdir(paths.runDir, { recursive: true });
  await writeFile(paths.lastPoll, JSON.stringify(written));
  expect(await readPollRecord(paths, { number: 17 })).toEqual(expected);
});

test('a new pull request beside a closed one does not wait for an hour', async () => {
  await using s = await scene({ count: 2 });
  const [closed, open] = s.opened;
  Object.assign(closed ?? {}, { state: 'CLOSED' });
  const later = s.views.pop() as SessionView;
  await s.poll();
  s.clock.pass(2 * MINUTE_MS);
  s.views.push(later);
  Object.assign(open ?? {}, { state: 'MERGED' });
  await s.poll();
  expect(s.views.map(stateOf)).toEqual([
    ['closed', undefined],
    ['merged', undefined],
  ]);
});

test('a repository that gets no answer delays no other one', async () => {
  await using s = await scene({ count: 2, gh: HANGS_FOR_SHIPS });
  const ships = await s.hub.addRepository('fleet/ships');
  const { number, url } = ships.openPullRequest('samocode/ship');
  const [view, other] = s.views;
  const { pullRequest } = view?.state ?? {};
  Object.assign(view?.state ?? {}, {
    pullRequest: { ...pullRequest, repository: 'github.com/fleet/ships', number, url },
  });
  Object.assign(s.opened[1] ?? {}, { state: 'MERGED' });
  s.polls.poll(s.views, (_, error) => s.failures.push(error));
  await eventually(async () => other && pendingCommandIds(other.paths).length > 0, { what: 'the merge' });
  await eventually(async () => existsSync(join(s.home, 'asked')), { what: 'the question' });
  await s.polls.end();
  expect(s.failures).toEqual([]);
});

/** gh, except that a request about ships gets no answer. */
const HANGS_FOR_SHIPS = `question=$(cat)
case $question in *ships*) : >"$HOME/asked"; sleep 60 ;; esac
PATH=\${PATH#*:}
printf '%s' "$question" | gh "$@"`;

test('a failure that lasts ten minutes is recorded once, with its reason, and cleared by the first answer', async () => {
  await using s = await scene();
  s.hub.viewer = undefined;
  await s.gaps(11);
  const { pullRequest } = s.views[0]?.state ?? {};
  expect(pullRequest).toMatchObject({
    ...{ state: 'open', watched: true },
    unseen: { since: '2026-01-08T10:00:00.000Z', why: expect.stringContaining('gh is not logged in') },
  });
  expect(s.views.map(changes)).toEqual([1]);
  s.hub.viewer = 'person';
  await s.gaps(1);
  expect(s.views[0]?.state.pullRequest?.unseen).toBeUndefined();
  expect(s.failures).toEqual([]);
});

test('a failure of one pull request delays no other one, and is asked about once', async () => {
  await using s = await scene({ count: 2, withRounds: true });
  let requests = 0;
  // A poll does not ask for the title.
  const title = () => {
    requests += 1;
    // GitHub's texts can contain the id of the request.
    throw new FieldError('FORBIDDEN', `Resource not accessible, request ${requests}`);
  };
  Object.assign(s.opened[0] ?? {}, { title });
  const asks = () => s.views.map(({ state }) => state.pullRequest?.asks);
  await s.gaps(1);
  expect(asks()).toEqual([
    expect.stringMatching(
      /^Its rounds cannot continue\. github\.com refused a request about pull request 17 .* gh said: gh: Resource not accessible/,
    ),
    // The other one gets as far as the settings of its project, which are missing in this test.
    expect.stringMatching(/^No round can begin\. /),
  ]);
  const before = s.views.map(changes);
  await s.gaps(1);
  expect(s.views.map(changes)).toEqual(before);
  // The decision, which reads all comments, is tried again after five minutes.
  expect(requests).toBe(1);
  await s.gaps(5);
  expect([requests, s.views.map(changes)]).toEqual([2, before]);
});

test('below a thousand points, or if GitHub refuses more requests, polls wait for the reset', async () => {
  await using s = await scene();
  const headers = {
    'X-Ratelimit-Remaining': '0',
    'X-Ratelimit-Reset': `${Date.UTC(2026, 0, 8, 10, 40) / 1000}`,
  };
  s.hub.fault = () => ({ status: 403, headers, body: { message: 'API rate limit exceeded' } });
  expect(await s.gaps(1)).toEqual([40]);
  s.hub.fault = undefined;
  for (const request of s.hub.requests) request.points = 4500;
  expect(await s.gaps(1)).toEqual([20]);
});

test('polls wait at most an hour for a reset, whatever the clock of this machine shows', async () => {
  await using s = await scene();
  const tomorrow = `${Date.UTC(2026, 0, 9, 10, 40) / 1000}`;
  const headers = { 'X-Ratelimit-Remaining': '0', 'X-Ratelimit-Reset': tomorrow };
  s.hub.fault = () => ({ status: 403, headers, body: { message: 'API rate limit exceeded' } });
  expect(await s.gaps(1)).toEqual([60]);
});

test.each([
  ['that is working', { worker: 'alive' }],
  ['with a command that no worker has taken', { pendingCommands: ['01ARZ3NDEKTSV4RRFFQ69G5FAV'] }],
] as const)('the pull request of a session %s is not polled', async (_, now) => {
  await using s = await scene();
  Object.assign(s.views[0] ?? {}, now);
  expect(await s.poll()).toBe(Number.POSITIVE_INFINITY);
  expect(s.hub.requests).toEqual([]);
});

test('a supervisor that leaves aborts its poll, so that the next one need not wait for the network', async () => {
  await using s = await scene({ gh: 'sleep 20; : >"$HOME/waited"' });
  s.polls.poll(s.views, (_, error) => s.failures.push(error));
  await s.polls.end();
  expect(existsSync(join(s.home, 'waited'))).toBe(false);
  expect([s.failures, s.views.map(changes)]).toEqual([[], [0]]);
});
