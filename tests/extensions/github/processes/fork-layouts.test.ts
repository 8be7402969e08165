import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import type { Project } from '../../../../src/core/project/finding/open-project.ts';
import type { PullRequestFact } from '../../../../src/core/session/events/bodies/positions.ts';
import { forgeRemotes } from '../../../../src/extensions/github/forge/forge-remotes.ts';
import { GitHub } from '../../../../src/extensions/github/forge/github.ts';
import { repositoryIn } from '../../../../src/extensions/github/forge/repository-name.ts';
import { readIssue } from '../../../../src/extensions/github/intake/read-issue.ts';
import { composePullRequest } from '../../../../src/extensions/github/publish/compose-pull-request.ts';
import { aboutPullRequest } from '../../../../src/extensions/github/publish/preview-publication.ts';
import { whyNotUnattended } from '../../../../src/extensions/github/publish/unattended-push.ts';
import { ciIf } from '../../../support/ci.ts';
import { publish, publishScene } from '../../../support/publish-scene.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

const ORIGINAL = 'https://github.com/fleet/boats.git';
const FORK = 'https://github.com/me/boats.git';
const OF_ORIGINAL = 'https://github.com/fleet/boats/pull/17';

interface Layout {
  remotes: Record<string, string>;
  /** Further settings of the repository. */
  settings?: Record<string, string>;
  base?: string;
  /** The remote that the printed command names. */
  pushesTo: string;
  ci?: true;
}

const LAYOUTS: Record<string, Layout> = {
  'origin is my fork, and upstream the original': {
    remotes: { origin: FORK, upstream: ORIGINAL },
    pushesTo: 'origin',
    ci: true,
  },
  'origin is my fork, and the session began at upstream/main': {
    remotes: { origin: FORK, upstream: ORIGINAL },
    base: 'upstream/main',
    pushesTo: 'origin',
  },
  'origin is the original, and remote.pushDefault names my fork': {
    remotes: { origin: ORIGINAL, me: FORK },
    settings: { 'remote.pushDefault': 'me' },
    base: 'origin/main',
    pushesTo: 'me',
    ci: true,
  },
  'origin is the original, and pushRemote of the branch names my fork': {
    remotes: { fork: FORK, origin: ORIGINAL },
    settings: { 'branch.samocode/x.pushRemote': 'fork' },
    pushesTo: 'fork',
  },
  'pushRemote of the branch is an address': {
    remotes: { origin: ORIGINAL },
    settings: { 'branch.samocode/x.pushRemote': FORK },
    pushesTo: FORK,
  },
  'origin has another address for pushes': {
    remotes: { origin: ORIGINAL },
    settings: { 'remote.origin.pushurl': FORK },
    pushesTo: 'origin',
  },
  'gh was told which remote is the base': {
    remotes: { canonical: ORIGINAL, origin: FORK },
    settings: { 'remote.canonical.gh-resolved': 'base' },
    pushesTo: 'origin',
  },
  'gh was told the name of the base': {
    remotes: { origin: FORK },
    settings: { 'remote.origin.gh-resolved': 'fleet/boats' },
    pushesTo: 'origin',
  },
};
const ROWS = Object.entries(LAYOUTS);

/** The scene of a contributor: `me/boats` is a fork of `fleet/boats`. */
async function forkScene(
  repo: TempRepo,
  { remotes, settings = {}, base = 'origin/main' }: Omit<Layout, 'pushesTo'>,
) {
  const s = await publishScene(repo);
  const fork = await s.hub.addRepository('me/boats');
  fork.parent = 'fleet/boats';
  await repo.git(['remote', 'remove', 'origin']);
  for (const [name, url] of Object.entries(remotes)) await repo.git(['remote', 'add', name, url]);
  for (const [name, value] of Object.entries(settings)) await repo.git(['config', name, value]);
  Object.assign(s.judged.view.state.worktree ?? {}, { base });
  const refsOf = (name: string) =>
    repo.git(['for-each-ref', '--format=%(refname)', 'refs/heads'], join(s.hub.gitRoot, name));
  return { ...s, fork, refsOf, tip: await repo.git(['rev-parse', 'samocode/x']) };
}

for (const [layout, { ci, ...row }] of ROWS) {
  test(
    `if ${layout}, the branch goes to the fork and one pull request to the original`,
    ciIf(ci),
    async () => {
      await using repo = await makeRepo();
      await using s = await forkScene(repo, row);
      const published = await publish(s.judged, false, s.context);
      expect(published).toMatchObject({ summary: `Pull request ${OF_ORIGINAL} is open.`, url: OF_ORIGINAL });
      const opened = { headOwner: 'me', headBranch: 'samocode/x', baseBranch: 'main', head: s.tip };
      expect([...s.boats.pullRequests.values()]).toMatchObject([opened]);
      expect(await s.refsOf('me/boats.git')).toBe('refs/heads/samocode/x');
      expect([await s.refsOf('fleet/boats.git'), s.fork.pullRequests.size]).toEqual(['', 0]);
      const { summary } = await publish(s.judged, false, s.context);
      expect(summary).toContain(`The branch was pushed to its pull request ${OF_ORIGINAL}.`);
      expect(s.boats.pullRequests.size).toBe(1);
    },
  );

  test(`if ${layout} and gh is not logged in, the printed commands do the same`, ciIf(ci), async () => {
    await using repo = await makeRepo();
    await using s = await forkScene(repo, row);
    s.hub.viewer = undefined;
    const { commands, bodyPath } = await publish(s.judged, false, s.context);
    expect(commands[0]).toBe(`git -C ${repo.path} push ${row.pushesTo} refs/heads/samocode/x`);
    const bin = join(repo.root, 'bin');
    await mkdir(bin);
    // git asks the real gh for its login.
    await writeFile(
      join(bin, 'gh'),
      '#!/bin/sh\n[ "$1" = auth ] && exec "$GH" "$@"\nprintf "%s\\n" "$@" >>"$SEEN"\n',
    );
    await chmod(join(bin, 'gh'), 0o755);
    const gh = (await runCommand('sh', ['-c', 'command -v gh'])).stdout.trim();
    const seen = join(repo.root, 'seen');
    const env = { ...s.context.env, PATH: `${bin}:${s.context.env.PATH}`, GH: gh, SEEN: seen };
    const { exitCode, stderr } = await runCommand('sh', ['-ec', commands.join('\n')], {
      cwd: repo.root,
      env,
    });
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('samocode/x -> samocode/x')]);
    expect(await s.refsOf('me/boats.git')).toBe('refs/heads/samocode/x');
    const asked = ['--repo', 'github.com/fleet/boats', '--head', 'me:samocode/x', '--base', 'main'];
    const text = ['--title', 'Give every boat a name', '--body-file', bodyPath];
    expect((await readFile(seen, 'utf8')).trim().split('\n')).toEqual(['pr', 'create', ...asked, ...text]);
  });
}

const [, CONTRIBUTOR] = ROWS[0] as [string, Layout];

test('the preview names both repositories', async () => {
  await using repo = await makeRepo();
  await using s = await forkScene(repo, CONTRIBUTOR);
  const composed = await composePullRequest(s.judged, false, s.context);
  expect(aboutPullRequest(s.judged, composed, undefined)[0]).toMatch(
    /^Branch samocode\/x will be pushed to github\.com\/me\/boats \(1 commit\), and the pull request "Give every boat a name" will be opened in github\.com\/fleet\/boats\. /,
  );
});

test('unattended, the branch is pushed to the fork with only the login of gh', async () => {
  await using repo = await makeRepo();
  await using s = await forkScene(repo, CONTRIBUTOR);
  await writeFile(join(repo.homeDir, '.gitconfig'), '');
  const published = await publish(s.judged, false, s.context, { isUnattended: true });
  expect(published).toMatchObject({ url: OF_ORIGINAL, from: 'github.com/me/boats' });
  expect(await s.refsOf('me/boats.git')).toBe('refs/heads/samocode/x');
});

test('whether the supervisor can push is tested with the fork, and the message of git is shown', async () => {
  await using repo = await makeRepo();
  await using s = await forkScene(repo, CONTRIBUTOR);
  const exports = Object.entries(s.hub.env).map(([name, value]) => `export ${name}='${value}'\n`);
  for (const name of ['.profile', '.bash_profile'])
    await writeFile(join(repo.homeDir, name), exports.join(''));
  const context = { ...s.context, home: repo.homeDir };
  await repo.git(['config', 'http.receivepack', 'false'], join(s.hub.gitRoot, 'fleet/boats.git'));
  expect(await whyNotUnattended(s.judged, 'github.com/me/boats', context)).toBe('');
  await repo.git(['config', 'http.receivepack', 'false'], join(s.hub.gitRoot, 'me/boats.git'));
  expect(await whyNotUnattended(s.judged, 'github.com/me/boats', context)).toMatch(
    /cannot push to https:\/\/github\.com\/me\/boats\.git unattended: .* git said: .*403/,
  );
});

test('a pull request that is already open in the fork stays the one that is updated', async () => {
  await using repo = await makeRepo();
  await using s = await forkScene(repo, CONTRIBUTOR);
  const { url, number } = s.fork.openPullRequest('samocode/x', { title: 'Mine', body: 'Mine' });
  const known: PullRequestFact = {
    repository: 'github.com/me/boats',
    number,
    url,
    state: 'open',
    watched: true,
  };
  s.judged.view.state.pullRequest = { ...known, since: '2026-01-08T10:00:00.000Z' };
  expect(await publish(s.judged, false, s.context)).toMatchObject({ url });
  expect(s.boats.pullRequests.size).toBe(0);
});

test('if origin is not a fork, the pull request stays there, whatever upstream is', async () => {
  await using repo = await makeRepo();
  await using s = await forkScene(repo, CONTRIBUTOR);
  s.fork.parent = undefined;
  expect(await publish(s.judged, false, s.context)).toMatchObject({
    url: 'https://github.com/me/boats/pull/17',
  });
  expect(s.boats.pullRequests.size).toBe(0);
});

test('if a setting names a missing remote, nothing is pushed elsewhere', async () => {
  await using repo = await makeRepo();
  const settings = { 'remote.pushDefault': 'gone' };
  await using s = await forkScene(repo, { remotes: { origin: ORIGINAL }, settings });
  const { summary } = await publish(s.judged, false, s.context);
  expect(summary).toContain('The remote "gone" does not name a repository that gh supports.');
  expect(await s.refsOf('fleet/boats.git')).toBe('');
});

test('a branch that follows a local one is pushed to origin', async () => {
  await using repo = await makeRepo();
  await using s = await forkScene(repo, { ...CONTRIBUTOR, settings: { 'branch.samocode/x.remote': '.' } });
  expect(await publish(s.judged, false, s.context)).toMatchObject({ from: 'github.com/me/boats' });
});

test('the visibility of the repository of the pull request decides whether the text has answers', async () => {
  await using repo = await makeRepo();
  await using s = await forkScene(repo, CONTRIBUTOR);
  s.fork.isPrivate = true;
  s.judged.view.state.answers = [
    { id: 'Q1', question: 'x', text: 'A', by: { channel: 'cli' }, at: '2026-01-08T10:00:00.000Z' },
  ];
  expect((await composePullRequest(s.judged, false, s.context)).notes).toContainEqual(
    expect.stringContaining('since the repository is public'),
  );
});

test('an issue that a start names by number belongs to the original', async () => {
  await using repo = await makeRepo();
  await using s = await forkScene(repo, CONTRIBUTOR);
  s.boats.openIssue('ada', 'Boats have no names', 'Please.');
  const project = { mainRepo: repo.path, values: {} } as Project;
  const issue = await readIssue('#1001', project, { forge: new GitHub(s.context), context: s.context });
  expect(issue).toMatchObject({ repository: 'github.com/fleet/boats', title: 'Boats have no names' });
});

/** As `ssh -G` answers for an alias, for a host without settings, and for a name that it refuses. */
const SSH = `#!/bin/sh
[ "$1 $2" = "-G --" ] || exit 9
case $3 in
github-work) echo user git; echo hostname github.com ;;
github.com-*) echo hostname ssh.github.com ;;
bad*) exit 255 ;;
*) echo "hostname $3" ;;
esac
`;

test.each([
  ['git@github-work:acme/app.git', 'github.com/acme/app'],
  ['github-work:acme/app', 'github.com/acme/app'],
  ['ssh://git@github.com-me:443/acme/app.git', 'github.com/acme/app'],
  ['git@git.example.org:acme/app.git', 'git.example.org/acme/app'],
  ['git@bad.example.org:acme/app.git', 'bad.example.org/acme/app'],
  ['https://github-work/acme/app.git', 'github-work/acme/app'],
  ['/home/me/app.git', undefined],
])('the remote %s is the repository %s, as ssh reads its settings', async (url, repository) => {
  await using repo = await makeRepo();
  const bin = join(repo.root, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'ssh'), SSH);
  await chmod(join(bin, 'ssh'), 0o755);
  await repo.git(['remote', 'add', 'origin', 'https://github.com/me/app.git']);
  await repo.git(['remote', 'set-url', '--push', 'origin', url]);
  await repo.git(['remote', 'add', 'upstream', url]);
  const baseEnv = { ...repo.env, PATH: `${bin}:${repo.env.PATH}` };
  const remotes = await forgeRemotes({ baseEnv, cwd: repo.path });
  expect(remotes.map((remote) => [repositoryIn(remote.url), repositoryIn(remote.pushUrl)])).toEqual([
    ['github.com/me/app', repository],
    [repository, repository],
  ]);
});
