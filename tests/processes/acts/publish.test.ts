import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ActionContext } from '../../../src/acts/common/context.ts';
import { composePullRequest } from '../../../src/acts/finish/compose-pull-request.ts';
import type { FinishVerdict } from '../../../src/acts/finish/judge-finish.ts';
import { publish } from '../../../src/acts/finish/publish.ts';
import { repositoryIn } from '../../../src/acts/finish/pull-request.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { systemHost } from '../../../src/base/processes/host.ts';
import { findBaseBranch } from '../../../src/project/finishing/base-branch.ts';
import { questionHash } from '../../../src/session/documents/qa.ts';
import { serialiseEvent } from '../../../src/session/events/events.ts';
import type { SessionView } from '../../../src/session/events/session-view.ts';
import { emptyState, type SessionState } from '../../../src/session/events/state.ts';
import { type SessionPaths, sessionPaths } from '../../../src/session/layout/paths.ts';
import { readProof } from '../../../src/session/proof/proof.ts';
import { PROVED, provedEvents } from '../../support/proved-events.ts';
import { sessionFileSample } from '../../support/session-file-sample.ts';
import { makeRepo, type TempRepo } from '../../support/temp-repo.ts';

const SINCE = '2026-01-08T10:00:00.000Z';
const DONE: SessionState['status'] = { kind: 'done', since: SINCE, summary: 'Every boat has a name.' };
const URL = 'https://github.example/fleet/boats/pull/7';

/** A branch with a commit, a remote that represents github.example, and a gh that records its calls. */
async function scene(
  repo: TempRepo,
  { isLoggedIn = true, known = '', status = DONE, ssh = 'exec git receive-pack', isPrivate = '' } = {},
) {
  const remote = join(repo.root, 'remote.git');
  await repo.git(['init', '--quiet', '--bare', remote]);
  await repo.git(['remote', 'add', 'origin', 'git@github.example:fleet/boats.git']);
  const baseCommit = await repo.git(['rev-parse', 'main']);
  await repo.git(['switch', '--quiet', '-c', 'samocode/x']);
  await repo.commit('Name "every" boat', { 'boats.txt': 'x\n' });
  await repo.git(['switch', '--quiet', 'main']);
  const bin = join(repo.root, 'bin');
  await mkdir(bin);
  const calls = join(repo.root, 'calls');
  const gh = [
    '#!/bin/sh',
    `for word; do printf '%s\\n' "$word"; done >> '${calls}'`,
    'case "$1 $2" in',
    `"auth status") exit ${isLoggedIn ? 0 : 1};;`,
    `"api repos/fleet/boats") echo '${isPrivate}';;`,
    `"pr list") echo '${known}';;`,
    `"pr create") echo '${URL}';;`,
    'esac',
  ].join('\n');
  await writeFile(join(bin, 'gh'), gh);
  await chmod(join(bin, 'gh'), 0o755);
  const sessionsDir = join(repo.root, 'sessions');
  const paths = sessionPaths(sessionsDir, '26-01-08-x');
  await mkdir(paths.sessionDir, { recursive: true });
  const sample = sessionFileSample({ folder: paths.folder, sessionsDir, mainRepo: repo.path });
  const worktree = { path: join(repo.root, 'w'), branch: 'samocode/x', base: 'main', baseCommit };
  const sshPath = join(bin, 'to-the-remote');
  await writeFile(sshPath, `#!/bin/sh\n${ssh} '${remote}'\n`);
  await chmod(sshPath, 0o755);
  const path = `${bin}:${repo.env.PATH}`;
  const env = { ...repo.env, PATH: path, GIT_SSH: sshPath, GIT_SSH_VARIANT: 'simple' };
  const view = {
    folder: paths.folder,
    paths,
    sessionFile: { ...sample, task: 'Give every boat a name\n\nAll of them.' },
    state: { ...emptyState(), status, worktree },
  } as Partial<SessionView> as SessionView;
  const git = { baseEnv: env, config: [] };
  const base = await findBaseBranch({ mainRepo: repo.path, ...worktree, ...git });
  const look = { view, base, git } as Partial<FinishVerdict> as FinishVerdict;
  const by = { channel: 'cli' } as const;
  const own = { env, by, clock: systemClock, host: await systemHost() };
  const context = own as Partial<ActionContext> as ActionContext;
  return {
    remote,
    paths,
    look,
    context,
    pushed: () => repo.git(['for-each-ref', '--format=%(refname) %(objectname)'], remote),
    calls: () => readFile(calls, 'utf8').catch(() => ''),
  };
}

/** Writes the events of a session that finished with a commit. */
async function prove(paths: SessionPaths, commit: string): Promise<void> {
  const events = provedEvents({ proved: { ...PROVED, commit } });
  await mkdir(paths.runDir, { recursive: true });
  await writeFile(paths.events, events.map(serialiseEvent).join(''));
}

test('with gh the branch is pushed and a pull request is opened, whose text has commits and proof', async () => {
  await using repo = await makeRepo({ folder: 'Über boats' });
  const s = await scene(repo);
  const tip = await repo.git(['rev-parse', 'samocode/x']);
  await prove(s.paths, tip);
  const bodyPath = join(s.paths.sessionDir, 'pull-request.md');
  expect(await publish(s.look, false, s.context)).toEqual({
    said: `Pull request ${URL} is open.`,
    bodyPath,
    url: URL,
    commands: [],
  });
  expect(await s.pushed()).toBe(`refs/heads/samocode/x ${await repo.git(['rev-parse', 'samocode/x'])}`);
  const create = [
    'pr',
    'create',
    '--repo',
    'github.example/fleet/boats',
    '--head',
    'samocode/x',
    '--base',
    'main',
  ];
  const rest = ['--title', 'Give every boat a name', '--body-file', bodyPath, ''];
  expect((await s.calls()).endsWith([...create, ...rest].join('\n'))).toBe(true);
  const text = await readFile(bodyPath, 'utf8');
  expect(text.startsWith("## Summary\n\nIn the agent's words:\n\n> Every boat has a name.\n")).toBe(true);
  expect(text).toContain('> Give every boat a name\n>\n> All of them.');
  expect(text).toContain('1 commit:\n\n- Name "every" boat\n');
  expect(text).toContain('<summary>1 file, +1 −0</summary>\n\n- `boats.txt` +1 −0');
  expect(readProof(text)).toMatchObject({ kind: 'proof', proof: { commit: tip } });
});

test('the text omits a proof that is only in the session folder or is for another commit', async () => {
  await using repo = await makeRepo();
  const s = await scene(repo);
  await mkdir(join(s.paths.sessionDir, 'proof'));
  await writeFile(join(s.paths.sessionDir, 'proof/proof.md'), '# Proof\n\nAll checks passed.\n');
  const written = async () => await readFile((await publish(s.look, false, s.context)).bodyPath, 'utf8');
  expect(await written()).toContain('Nothing has been proved about this branch.');
  expect(await written()).not.toContain('All checks passed');
  await prove(s.paths, '1'.repeat(40));
  expect(await written()).toContain(
    'The branch has changed since its proof, which is for 111111111111, so the proof is not included.',
  );
  expect(await written()).not.toContain('# Proof');
});

const ANSWERED: SessionState['answers'][number] = {
  id: 'Q1',
  question: questionHash({
    id: 'Q1',
    round: 1,
    text: 'Which names?',
    options: [{ letter: 'A', text: 'Those of birds' }],
  }),
  text: 'A',
  by: { channel: 'cli' },
  at: SINCE,
};

/** A scene with an answered question, in which gh reports whether the repository is private. */
async function answered(repo: TempRepo, isPrivate: string) {
  const s = await scene(repo, { isPrivate });
  s.look.view.state.answers = [ANSWERED];
  await writeFile(s.paths.qa, '# Q&A: x\n\n## Q1: Which names?\n\n- A) Those of birds\n\nAnswer: A\n');
  return s;
}

test.each([
  ['private', 'true', false, true],
  ['public', 'false', false, false],
  ['not known', '', false, false],
  ['public, and a person includes them', 'false', true, true],
])(
  'if the repository is %s, the text includes answers only as far as allowed',
  async (_, isPrivate, wanted, are) => {
    await using repo = await makeRepo();
    const s = await answered(repo, isPrivate);
    const text = await readFile((await publish(s.look, wanted, s.context)).bodyPath, 'utf8');
    expect(text).toContain('**Q1** Which names?');
    expect(text.includes('A: Those of birds')).toBe(are);
  },
);

test('the preview notes that answers are left out, why, and how to include them', async () => {
  await using repo = await makeRepo();
  const s = await answered(repo, 'false');
  expect((await composePullRequest(s.look, false, s.context)).notes).toEqual([
    'The text leaves out what people answered, since the repository is public; a person can include it with --with-answers in a terminal.',
  ]);
});

test('a question that was rewritten after its answer is not shown with it', async () => {
  await using repo = await makeRepo();
  const s = await answered(repo, 'true');
  await writeFile(s.paths.qa, '# Q&A: x\n\n## Q1: May I delete it?\n\n- A) Yes\n\nAnswer: A\n');
  const { readable } = await composePullRequest(s.look, false, s.context);
  expect(readable).toContain(
    '**Q1** (the question is not on record any more) → A (a person, in the terminal)',
  );
});

test('the template of the base is filled in, even if the branch has changed it', async () => {
  await using repo = await makeRepo();
  await repo.commit('A template', {
    '.github/Pull_Request_Template.md': '## What\r\n\r\n## Checklist\r\n\r\n- [ ] read\r\n',
  });
  const s = await scene(repo);
  await repo.git(['switch', '--quiet', 'samocode/x']);
  await repo.commit('Another one', { '.github/Pull_Request_Template.md': '## Approved by all\n' });
  const { readable, notes } = await composePullRequest(s.look, false, s.context);
  expect(readable).toMatch(
    /^## What\n\nIn the agent's words:\n[\s\S]*\n## Checklist\n\n- \[ \] read\n\n## Why\n/,
  );
  expect(readable).not.toContain('Approved by all');
  expect(notes).toContain("The text fills the repository's template, .github/Pull_Request_Template.md.");
});

test('with several templates none is filled in, and a note says so', async () => {
  await using repo = await makeRepo();
  const folder = '.github/PULL_REQUEST_TEMPLATE';
  await repo.commit('Two', { [`${folder}/a.md`]: '## A\n', [`${folder}/b.md`]: '## B\n' });
  const s = await scene(repo);
  const { readable, notes } = await composePullRequest(s.look, false, s.context);
  expect(readable.startsWith('## Summary')).toBe(true);
  expect(notes).toEqual(['The repository has 2 templates; none is filled.']);
});

test("the agent's text for a pull request is included, and cannot close an issue there", async () => {
  await using repo = await makeRepo();
  const s = await scene(repo);
  const summary = '## PR Description\n\nCloses #1\n\n## Notes\n\nfor later\n';
  await writeFile(join(s.paths.sessionDir, '01-08-1000-summary-x.md'), summary);
  const { readable } = await composePullRequest(s.look, false, s.context);
  expect(readable).toContain('> Every boat has a name.\n>\n> Closes #&#8203;1\n\n## Why');
});

test('for a repository without a remote, the result says so and the first command adds one', async () => {
  await using repo = await makeRepo();
  const s = await scene(repo);
  await repo.git(['remote', 'remove', 'origin']);
  const { said, commands } = await publish(s.look, false, s.context);
  expect(said).toBe(
    'This repository has no remote to push the branch to. These commands publish the branch.',
  );
  expect(commands).toEqual([
    `git -C ${repo.path} remote add origin '<the address of a repository>'`,
    `git -C ${repo.path} push origin samocode/x`,
    expect.stringMatching(/^gh pr create --head samocode\/x --base main --title /),
  ]);
});

test('an open pull request gets the new commits, and no second one is created', async () => {
  await using repo = await makeRepo();
  const s = await scene(repo, { known: URL });
  expect(await publish(s.look, false, s.context)).toMatchObject({ url: URL, commands: [] });
  expect(await s.calls()).not.toContain('create');
});

test('an unfinished session is published as a draft pull request', async () => {
  await using repo = await makeRepo();
  const status = { kind: 'stopped', since: SINCE, by: { channel: 'cli' }, why: 'x' } as const;
  const s = await scene(repo, { status: status as never });
  await publish(s.look, false, s.context);
  expect(await s.calls()).toContain('--draft');
});

test.each<[string, Parameters<typeof scene>[1], (repo: TempRepo) => Promise<unknown>, RegExp, number]>([
  ['gh is not logged in', { isLoggedIn: false }, async () => {}, /not logged in to github\.example/, 2],
  [
    'the repository has a pre-push hook',
    {},
    async (repo) => {
      await repo.write({ '.git/hooks/pre-push': '#!/bin/sh\n' });
      await chmod(join(repo.path, '.git/hooks/pre-push'), 0o755);
    },
    /pre-push hook/,
    2,
  ],
  [
    'the machine has a pre-push hook',
    {},
    async (repo) => {
      await repo.write({ '../hooks/pre-push': '#!/bin/sh\n' });
      await chmod(join(repo.root, 'hooks/pre-push'), 0o755);
      await writeFile(
        join(repo.homeDir, '.gitconfig'),
        `[core]\n\thooksPath = ${join(repo.root, 'hooks')}\n`,
      );
    },
    /hooks\/pre-push, which samocode does not run/,
    2,
  ],
  [
    'the remote is a folder',
    {},
    (repo) => repo.git(['config', 'remote.origin.url', join(repo.root, 'remote.git')]),
    /does not name a repository that gh supports\. This command pushes the branch\./,
    1,
  ],
  ['the push is refused', { ssh: 'exit 1;' }, async () => {}, /could not push/, 2],
])(
  'if %s, the commands and the text are returned and nothing is published',
  async (_, plan, disturb, why, commands) => {
    await using repo = await makeRepo();
    const s = await scene(repo, plan);
    await disturb(repo);
    const published = await publish(s.look, false, s.context);
    expect(published).toMatchObject({ said: expect.stringMatching(why) });
    expect([published.url, published.commands.length]).toEqual([undefined, commands]);
    expect(published.commands[0]).toBe(`git -C ${repo.path} push origin samocode/x`);
    expect(await readFile(published.bodyPath, 'utf8')).toContain('- Name "every" boat');
    expect([await s.pushed(), (await s.calls()).includes('create')]).toEqual(['', false]);
  },
);

test.each([
  ['git@github.com:owner/name.git', 'github.com/owner/name'],
  ['https://github.com/owner/na.me', 'github.com/owner/na.me'],
  ['https://user:secret@git.example.org/owner/name.git/', 'git.example.org/owner/name'],
  ['ssh://git@github.com:22/owner/name.git', 'github.com/owner/name'],
  ['/home/me/boats.git', undefined],
  ['file:///home/me/boats.git', undefined],
  ['https://gitlab.com/group/sub/name.git', undefined],
  ['', undefined],
])('the URL %s names the repository %s', (url, repository) => {
  expect(repositoryIn(url)).toBe(repository);
});
