import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { sessionWorktrees } from '../../../../src/core/acts/clean-up/worktrees.act.ts';
import { previewFinish } from '../../../../src/core/acts/finish/finish-session.act.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { fetchPublished } from '../../../../src/extensions/github/publish/published-branch.ts';
import { KEY } from '../../../app/unit/cli/keys.ts';
import { changeSettings } from '../../../core/faults/with-settings.ts';
import { finishSession } from '../../../support/as-shown.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { gitHubStub } from '../../../support/github-stub/github-stub.ts';
import { startRig } from '../../../support/session-rig.ts';
import { SUPERVISED } from '../../../support/supervisors.ts';
import { openTerminal } from '../../../support/terminal.ts';
import { putOnHub } from './on-hub.ts';

/** A done session whose repository is on the stub. */
async function onHub(lines: Record<string, string> = {}) {
  const hub = await gitHubStub();
  const repository = await hub.addRepository('fleet/boats');
  const rig = await startRig({ at: 'done', lines, sandbox: 'guard' });
  const env = { ...rig.repo.env, ...hub.env };
  await putOnHub(hub, rig.repo);
  return {
    ...{ hub, repository, rig, context: { ...rig.context(), env } },
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
    },
  };
}

test(
  'from finish to merge: the pull request is opened, the supervisor polls it, and its merge is recorded',
  ci,
  async () => {
    await using s = await onHub({ PR_WATCH: 'on' });
    const { hub, repository, rig } = s;
    const context = { ...s.context, env: { ...s.context.env, ...SUPERVISED } };
    const input = { session: rig.file.folder, how: 'pull_request', keep: [] } as const;
    expect((await previewFinish(input, context)).would.join(' ')).toContain('The supervisor will watch it');
    // Merged between opening and the first poll.
    hub.fault = ({ path }) => {
      const opened = repository.pullRequests.get(17);
      // Only the supervisor sends this request.
      if (path === '/graphql' && opened !== undefined)
        Object.assign(opened, { state: 'MERGED', mergeCommit: 'd'.repeat(40) });
      return undefined;
    };
    const { done, url } = await finishSession(input, context);
    expect(url).toBe('https://github.com/fleet/boats/pull/17');
    expect(done).toContain('It will be watched until it is merged or closed.');
    await eventually(async () => (await rig.state()).pullRequest?.state === 'merged', { what: 'the merge' });
    const { pullRequest } = await rig.state();
    expect(pullRequest).toMatchObject({ number: 17, mergeCommit: 'd'.repeat(40), watched: true });
    // Written after the event.
    const log = join(rig.paths.sessionDir, 'session.log');
    const line = 'pull request #17 is merged';
    await eventually(async () => (await readFile(log, 'utf8')).includes(line), {
      what: 'the line of its log',
    });
  },
);

test('with a fork as origin, the preview names both repositories, and the pull request of the original is recorded', async () => {
  await using s = await onHub();
  const { repository: original, rig, context } = s;
  Object.assign(await s.hub.addRepository('me/boats'), { parent: 'fleet/boats' });
  await rig.repo.git(['remote', 'rename', 'origin', 'upstream']);
  await rig.repo.git(['remote', 'add', 'origin', 'https://github.com/me/boats.git']);
  const input = { session: rig.file.folder, how: 'pull_request', keep: [], watch: true } as const;
  expect((await previewFinish(input, context)).would[0]).toMatch(
    /pushed to github\.com\/me\/boats .* opened in github\.com\/fleet\/boats\./,
  );
  const { done } = await finishSession(input, context);
  expect(done).not.toContain('unattended');
  expect(original.pullRequests.get(17)).toMatchObject({
    headOwner: 'me',
    head: (await rig.state()).pullRequest?.pushed,
  });
  expect((await rig.state()).pullRequest).toMatchObject({ repository: 'github.com/fleet/boats', number: 17 });
  // The supervisor fetches head and base from there.
  const git = { baseEnv: context.env, config: [] };
  expect(await fetchPublished(await rig.view(), 'main', git)).toMatchObject({ relation: 'contained' });
});

test('finish reports at once that the supervisor cannot push unattended, even if the terminal can', async () => {
  await using s = await onHub();
  const { rig, context } = s;
  const input = { session: rig.file.folder, how: 'pull_request', keep: [], watch: true } as const;
  const inTerminal = { ...context, env: { ...context.env, TERM: 'xterm' } };
  expect((await finishSession(input, inTerminal)).done).not.toContain('unattended');
  // The login is only in the terminal.
  for (const name of ['.profile', '.bash_profile']) {
    const path = join(rig.repo.homeDir, name);
    await writeFile(path, (await readFile(path, 'utf8')).replace(/^export GH_TOKEN=.*$/m, ''));
  }
  expect((await finishSession(input, inTerminal)).done).toContain(
    'However, the supervisor cannot push to https://github.com/fleet/boats.git unattended',
  );
});

test('an open pull request that is not watched is shown beside the state, keeps its worktree, and can be archived', async () => {
  await using s = await onHub({ PR_WATCH: 'on' });
  const { hub, rig, context } = s;
  const { folder } = rig.file;
  const samocode = async (...words: string[]) =>
    await runCommand(process.execPath, [rig.program('cli'), ...words], {
      ...{ cwd: rig.repo.path, env: context.env },
    });
  const finished = await samocode('finish', folder, '--pull-request', '--no-watch', '--yes');
  expect(finished.stdout).toContain('Pull request https://github.com/fleet/boats/pull/17 is open.');
  expect(finished.stdout).not.toContain('watched until');
  expect((await rig.state()).pullRequest).toMatchObject({ state: 'open', watched: false });
  // The choice of the first finish stays.
  await samocode('finish', folder, '--pull-request', '--yes');
  expect((await rig.state()).pullRequest).toMatchObject({ state: 'open', watched: false });
  const status = await samocode('status', folder);
  expect(status.stdout).toMatch(/done for [^,]+, open #17[\s\S]* PR +https:\S+\/pull\/17, not watched/);
  expect(status.stdout).toContain('samocode archive');
  expect((await samocode('list')).stdout).toContain('done, open #17');
  const { worktrees } = await sessionWorktrees({ prune: true }, context);
  expect(worktrees).toMatchObject([{ kept: 'its pull request #17 is open' }]);
  expect(hub.requests.filter(({ path }) => path === '/graphql')).toEqual([]);
});

test('a terminal asks whether to watch it before anything is published, unless that channel opens no gate', async () => {
  await using s = await onHub();
  const { repository, rig, context } = s;
  const program = `'${process.execPath}' '${rig.program('cli')}' finish ${rig.file.folder}`;
  const finish = async (
    options: string,
    answers: ReadonlyArray<readonly [question: string, keys: string]>,
  ) => {
    const place = { dir: rig.repo.root, cwd: rig.repo.path, env: { ...context.env, PAGER: 'cat' } };
    await using terminal = await openTerminal(`${program} ${options}`, place);
    for (const [question, keys] of answers) {
      await terminal.until(question);
      terminal.type(keys);
    }
    return stripVTControlCharacters(await terminal.end()).replaceAll(/\s+/g, ' ');
  };
  const WATCH = 'Watch it until it is merged, and work on its feedback?';
  const watched = async () => (await rig.state()).pullRequest?.watched;

  await finish('', [
    ['How should it be finished?', KEY.down + KEY.enter],
    [WATCH, KEY.escape],
  ]);
  expect(repository.pullRequests.size).toBe(0);
  const unwatched = await finish('--pull-request', [
    [WATCH, KEY.enter],
    ['Do it?', 'y'],
  ]);
  expect(unwatched).not.toContain('The supervisor will watch it');
  expect(await watched()).toBe(false);
  const begun = await finish('--pull-request', [
    [WATCH, 'y'],
    ['Do it?', 'y'],
  ]);
  expect(begun).toContain('The supervisor will watch it');
  expect(begun).toContain('It will be watched until it is merged or closed.');
  expect(await watched()).toBe(true);
  // Enter keeps the previous choice.
  await finish('--pull-request', [
    [WATCH, KEY.enter],
    ['Do it?', 'y'],
  ]);
  expect(await watched()).toBe(true);

  await changeSettings(rig, { gateChannels: ['tool'] });
  const refused = await finish('--pull-request', []);
  expect(refused).not.toContain(WATCH);
  expect(refused).toContain('GATE_CHANNELS');
});
