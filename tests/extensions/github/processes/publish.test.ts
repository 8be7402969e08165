import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { questionHash } from '../../../../src/core/session/documents/qa.ts';
import { serialiseEvent } from '../../../../src/core/session/events/events.ts';
import type { SessionState } from '../../../../src/core/session/events/state.ts';
import type { SessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readProof } from '../../../../src/core/session/proof/proof.ts';
import { composePullRequest } from '../../../../src/extensions/github/publish/compose-pull-request.ts';
import { ci } from '../../../support/ci.ts';
import { freePort } from '../../../support/free-port.ts';
import type { StubPullRequest } from '../../../support/github-stub/model.ts';
import { PROVED, provedEvents } from '../../../support/proved-events.ts';
import { type PublishScene, publish, publishScene } from '../../../support/publish-scene.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

const SINCE = '2026-01-08T10:00:00.000Z';
const URL = 'https://github.com/fleet/boats/pull/17';

/** Writes the events of a session that finished with a commit. */
async function prove(paths: SessionPaths, commit: string): Promise<void> {
  const events = provedEvents({ proved: { ...PROVED, commit } });
  await mkdir(paths.runDir, { recursive: true });
  await writeFile(paths.events, events.map(serialiseEvent).join(''));
}

test(
  'with gh, the branch is pushed and a pull request with commits and proof in its text is opened',
  ci,
  async () => {
    await using repo = await makeRepo({ folder: 'Über boats' });
    await using s = await publishScene(repo);
    const tip = await repo.git(['rev-parse', 'samocode/x']);
    await prove(s.paths, tip);
    const bodyPath = join(s.paths.sessionDir, 'pull-request.md');
    expect(await publish(s.judged, false, s.context)).toEqual({
      summary: `Pull request ${URL} is open.`,
      bodyPath,
      url: URL,
      from: 'github.com/fleet/boats',
      commands: [],
    });
    expect(await s.pushed()).toBe(`refs/heads/samocode/x ${await repo.git(['rev-parse', 'samocode/x'])}`);
    const text = await readFile(bodyPath, 'utf8');
    const opened = {
      title: 'Give every boat a name',
      body: text,
      headBranch: 'samocode/x',
      baseBranch: 'main',
    };
    expect(s.boats.pullRequests.get(17)).toMatchObject({ ...opened, head: tip, isDraft: false });
    expect(text.startsWith("## Summary\n\nIn the agent's words:\n\n> Every boat has a name.\n")).toBe(true);
    expect(text).toContain('> Give every boat a name\n>\n> All of them.');
    expect(text).toContain('1 commit:\n\n- Name "every" boat\n');
    expect(text).toContain('<summary>1 file, +1 −0</summary>\n\n- `boats.txt` +1 −0');
    expect(readProof(text)).toMatchObject({ kind: 'proof', proof: { commit: tip } });
  },
);

test('the text omits a proof that is only in the session folder or is for another commit', async () => {
  await using repo = await makeRepo();
  await using s = await publishScene(repo);
  await mkdir(join(s.paths.sessionDir, 'proof'));
  await writeFile(join(s.paths.sessionDir, 'proof/proof.md'), '# Proof\n\nAll checks passed.\n');
  const written = async () => await readFile((await publish(s.judged, false, s.context)).bodyPath, 'utf8');
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

/** A scene with an answered question, in which GitHub says whether the repository is private. */
async function answered(repo: TempRepo, isPrivate: boolean | undefined) {
  const s = await publishScene(repo);
  if (isPrivate === undefined)
    s.hub.fault = ({ path }) => (path === '/repos/fleet/boats' ? { status: 502 } : undefined);
  else s.boats.isPrivate = isPrivate;
  s.judged.view.state.answers = [ANSWERED];
  await writeFile(s.paths.qa, '# Q&A: x\n\n## Q1: Which names?\n\n- A) Those of birds\n\nAnswer: A\n');
  return s;
}

test.each([
  ['private', true, false, true],
  ['public', false, false, false],
  ['not known', undefined, false, false],
  ['public, and a person includes them', false, true, true],
])(
  'if the repository is %s, the text includes answers only as far as allowed',
  async (_, isPrivate, wanted, are) => {
    await using repo = await makeRepo();
    await using s = await answered(repo, isPrivate);
    const text = await readFile((await publish(s.judged, wanted, s.context)).bodyPath, 'utf8');
    expect(text).toContain('**Q1** Which names?');
    expect(text.includes('A: Those of birds')).toBe(are);
  },
);

test('the preview notes that answers are left out, why, and how to include them', async () => {
  await using repo = await makeRepo();
  await using s = await answered(repo, false);
  expect((await composePullRequest(s.judged, false, s.context)).notes).toEqual([
    "The text leaves out people's answers, since the repository is public; a person can include it with --with-answers in a terminal.",
  ]);
});

test('a question that was rewritten after its answer is not shown with it', async () => {
  await using repo = await makeRepo();
  await using s = await answered(repo, true);
  await writeFile(s.paths.qa, '# Q&A: x\n\n## Q1: May I delete it?\n\n- A) Yes\n\nAnswer: A\n');
  const { readable } = await composePullRequest(s.judged, false, s.context);
  expect(readable).toContain('**Q1** (the question is no longer on record) → A (a person, in the terminal)');
});

test('the template of the base follows the text, even if the branch has changed it', async () => {
  await using repo = await makeRepo();
  await repo.commit('A template', {
    '.github/Pull_Request_Template.md': '## What\r\n\r\n## Checklist\r\n\r\n- [ ] read\r\n',
  });
  await using s = await publishScene(repo);
  await repo.git(['switch', '--quiet', 'samocode/x']);
  await repo.commit('Another one', { '.github/Pull_Request_Template.md': '## Approved by all\n' });
  const { readable, notes } = await composePullRequest(s.judged, false, s.context);
  expect(readable).toMatch(/^## Summary\n[\s\S]*\n\n## What\n\n## Checklist\n\n- \[ \] read\n\nMade by/);
  expect(readable).not.toContain('Approved by all');
  expect(notes).toContain("The text ends with the repository's template, .github/Pull_Request_Template.md.");
});

test("the agent's text for a pull request is included, and cannot close an issue there", async () => {
  await using repo = await makeRepo();
  await using s = await publishScene(repo);
  const summary = '## PR Description\n\nCloses #1\n\n## Notes\n\nfor later\n';
  await writeFile(join(s.paths.sessionDir, '01-08-1000-summary-x.md'), summary);
  const { readable } = await composePullRequest(s.judged, false, s.context);
  expect(readable).toContain('> Every boat has a name.\n>\n> Closes #&#8203;1\n\n## Why');
});

test('for a repository without a remote, the result says so and the first command adds one', async () => {
  await using repo = await makeRepo();
  await using s = await publishScene(repo);
  await repo.git(['remote', 'remove', 'origin']);
  const { summary, commands } = await publish(s.judged, false, s.context);
  expect(summary).toBe(
    'This repository has no remote to push the branch to. These commands publish the branch.',
  );
  expect(commands).toEqual([
    `git -C ${repo.path} remote add origin '<repository URL>'`,
    `git -C ${repo.path} push origin refs/heads/samocode/x`,
    expect.stringMatching(/^gh pr create --head samocode\/x --base main --title /),
  ]);
});

test('an open pull request gets the new commits, title and text, and no second one is created', async () => {
  await using repo = await makeRepo();
  await using s = await publishScene(repo);
  await publish(s.judged, false, s.context);
  s.judged.view.state.goal = 'Name the ships';
  const summary = `The branch was pushed to its pull request ${URL}. Its title and text are up to date.`;
  const again = await publish(s.judged, false, s.context);
  expect(again).toMatchObject({ summary, url: URL, commands: [] });
  const [pull, ...others] = s.boats.pullRequests.values();
  expect(others).toEqual([]);
  expect(pull).toMatchObject({ title: 'Name the ships', body: await readFile(again.bodyPath, 'utf8') });
  s.hub.requests.length = 0;
  expect(await publish(s.judged, false, s.context)).toMatchObject({ summary });
  expect(s.hub.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
});

test.each<[string, (pull: StubPullRequest) => void, string, RegExp]>([
  [
    'the text was edited',
    (pull) => {
      pull.body = pull.body.replace('## Why', '## Why not');
    },
    'Give every boat a name',
    /Its text was edited or written by a person, so title and text stay unchanged\. The new text is in pull-request\.md/,
  ],
  [
    'a line was added below the text',
    (pull) => {
      pull.body = `${pull.body}\nReviewed by me.`;
    },
    'Give every boat a name',
    /title and text stay/,
  ],
  [
    'a person wrote the text',
    (pull) => {
      pull.body = 'Mine';
    },
    'Give every boat a name',
    /title and text stay/,
  ],
])(
  'if %s, an open pull request keeps its title and text, and the summary says so',
  async (_, edit, title, summary) => {
    await using repo = await makeRepo();
    await using s = await publishScene(repo);
    await publish(s.judged, false, s.context);
    const pull = s.boats.pullRequests.get(17) as StubPullRequest;
    edit(pull);
    const { body } = pull;
    s.judged.view.state.goal = 'Name the ships';
    expect(await publish(s.judged, false, s.context)).toMatchObject({
      summary: expect.stringMatching(summary),
      commands: [],
    });
    expect(pull).toMatchObject({ title, body });
  },
);

test('an edited title stays while the text is updated, more than once', async () => {
  await using repo = await makeRepo();
  await using s = await publishScene(repo);
  await publish(s.judged, false, s.context);
  const pull = s.boats.pullRequests.get(17) as StubPullRequest;
  pull.title = 'Names!';
  for (const goal of ['Name the ships', 'Name the rafts']) {
    s.judged.view.state.goal = goal;
    const { summary } = await publish(s.judged, false, s.context);
    expect(summary).toContain('Its text is up to date. Its title was edited, so it stays unchanged.');
    expect(pull.title).toBe('Names!');
    expect(pull.body).toContain(`> ${goal}`);
  }
});

test('a text with a proof that a browser saved with CRLF counts as unedited, and its proof can be read', async () => {
  await using repo = await makeRepo();
  await using s = await publishScene(repo);
  await prove(s.paths, await repo.git(['rev-parse', 'samocode/x']));
  await publish(s.judged, false, s.context);
  const pull = s.boats.pullRequests.get(17) as StubPullRequest;
  pull.body = pull.body.replaceAll('\n', '\r\n').trimEnd();
  expect(readProof(pull.body)).toMatchObject({ kind: 'proof' });
  expect((await publish(s.judged, false, s.context)).summary).toContain('Its title and text are up to date.');
});

test(
  'if GitHub refuses the pull request after the push, the summary quotes gh and the command that opens it is returned',
  ci,
  async () => {
    await using repo = await makeRepo();
    await using s = await publishScene(repo);
    const errors = [
      { message: 'No commits between main and samocode/x' },
      { field: 'base', code: 'invalid' },
    ];
    s.hub.fault = ({ method }) =>
      method === 'POST' ? { status: 422, body: { message: 'Validation Failed', errors } } : undefined;
    const { summary, commands, url } = await publish(s.judged, false, s.context);
    expect(summary).toContain(
      'samocode/x is pushed to origin, but its pull request was neither opened nor updated',
    );
    expect(summary).toMatch(
      /gh said: gh: Validation Failed \(HTTP 422\) \/ No commits between main and samocode\/x \/ base: invalid\./,
    );
    expect([url, commands]).toEqual([undefined, [expect.stringMatching(/^gh pr create /)]]);
    expect(await s.pushed()).toContain('refs/heads/samocode/x');
  },
);

test('an unfinished session is published as a draft pull request', async () => {
  await using repo = await makeRepo();
  const status = { kind: 'stopped', since: SINCE, by: { channel: 'cli' }, why: 'x' } as const;
  await using s = await publishScene(repo, { status: status as never });
  await publish(s.judged, false, s.context);
  expect(s.boats.pullRequests.get(17)).toMatchObject({ isDraft: true });
});

test.each<[string, (repo: TempRepo, s: PublishScene) => Promise<unknown>, RegExp, number]>([
  [
    'gh is not logged in',
    async (_, { hub }) => {
      hub.viewer = undefined;
    },
    /^gh is not logged in to github\.com\. .* gh said: gh: Bad credentials \(HTTP 401\)\. Run "gh auth login --hostname github\.com"\. These commands/,
    2,
  ],
  [
    'GitHub cannot be reached',
    async (_, { context }) => {
      Object.assign(context.env, { HTTPS_PROXY: `http://127.0.0.1:${await freePort()}` });
    },
    /^github\.com cannot be reached\. .* gh said: .*connection refused\. Try again once/,
    2,
  ],
  [
    'gh is not installed',
    async (repo, { context }) => {
      Object.assign(context, { env: { ...context.env, PATH: repo.homeDir } });
    },
    /^gh is not on PATH\. .*Install it/,
    2,
  ],
  [
    'the repository has a pre-push hook',
    async (repo) => {
      await repo.write({ '.git/hooks/pre-push': '#!/bin/sh\n' });
      await chmod(join(repo.path, '.git/hooks/pre-push'), 0o755);
    },
    /pre-push hook/,
    2,
  ],
  [
    'the machine has a pre-push hook',
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
    (repo) => repo.git(['config', 'remote.origin.url', join(repo.root, 'remote.git')]),
    /does not name a repository that gh supports\. This command pushes the branch\./,
    1,
  ],
  [
    'the push is refused',
    (repo, { remote }) => repo.git(['config', 'http.receivepack', 'false'], remote),
    /could not push samocode\/x to origin\. git said: .* 403\. Once that is settled, these commands publish it\./,
    2,
  ],
])(
  'if %s, the commands and the text are returned and nothing is published',
  async (_, disturb, why, commands) => {
    await using repo = await makeRepo();
    await using s = await publishScene(repo);
    await disturb(repo, s);
    const published = await publish(s.judged, false, s.context);
    expect(published).toMatchObject({ summary: expect.stringMatching(why) });
    expect([published.url, published.commands.length]).toEqual([undefined, commands]);
    expect(published.commands[0]).toBe(`git -C ${repo.path} push origin refs/heads/samocode/x`);
    expect(await readFile(published.bodyPath, 'utf8')).toContain('- Name "every" boat');
    expect([await s.pushed(), s.boats.pullRequests.size]).toEqual(['', 0]);
  },
);
