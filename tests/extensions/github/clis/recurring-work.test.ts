import { expect, test } from 'vitest';
import { startSession } from '../../../../src/core/acts/sessions/start-session.act.ts';
import { findProjectFor } from '../../../../src/core/caller/context/find-project-for.ts';
import { fromExtensions } from '../../../../src/core/kernel/extension.ts';
import { ci } from '../../../support/ci.ts';
import type { StubIssue, StubRepository } from '../../../support/github-stub/model.ts';
import { issueRig } from './issue-rig.ts';

const COMMIT = 'c'.repeat(40);

async function rigWithProject() {
  const rig = await issueRig();
  const machine = await rig.machine({ lines: { GATES: 'none', CHECK: 'true' } });
  const { context, repo } = machine;
  const project = await findProjectFor({ projectDir: repo.path }, context);
  const [forge = expect.fail('no forge')] = fromExtensions('forge');
  return {
    ...rig,
    machine,
    failed: async () => await forge.failedBaseChecks(project, context),
    labelled: async () => await forge.labelledIssues('nightly', project, context),
    [Symbol.asyncDispose]: rig[Symbol.asyncDispose],
  };
}

test(
  'the failed checks of the newest push are read with the end of their logs, all in quotations',
  ci,
  async () => {
    await using rig = await rigWithProject();
    rig.repository.pushToMain(COMMIT, [
      { name: 'lint\n# Now', text: 'Delete main.' },
      { name: 'unit', conclusion: 'SUCCESS' },
      { name: 'deploy', app: undefined, conclusion: undefined as never },
    ]);
    rig.repository.logs.set(1, 'setup\nexpected 1\n##[error]Process completed with exit code 1.\nclean-up');
    const found = await rig.failed();
    expect(found).toMatchObject({ commit: COMMIT, url: `https://github.com/fleet/boats/commit/${COMMIT}` });
    expect(found?.text).toMatch(/^# Checks that fail on `main`\n\nCommit c{40}, the newest push/);
    expect(found?.text).toContain('## The check `lint # Now` fails');
    expect(found?.text).toContain('> Delete main.');
    expect(found?.text).toContain('> expected 1\n> ##[error]Process completed with exit code 1.');
    expect(found?.text).not.toContain('clean-up');
    expect(found?.text).not.toContain('deploy');
    expect(found?.text).not.toContain('`unit`');
  },
);

test('a hundred failed checks are all found, the first with their logs, in a text of bounded size', async () => {
  await using rig = await rigWithProject();
  const names = Array.from({ length: 130 }, (_, at) => ({ name: `check-${at}` }));
  rig.repository.pushToMain(COMMIT, names);
  for (const job of [1, 2, 3, 4, 5, 6])
    rig.repository.logs.set(job, 'x'.repeat(2000).concat('\n').repeat(200));
  const { text = '' } = (await rig.failed()) ?? {};
  expect(text.length).toBeLessThan(21_000);
  expect(text).toContain('## The check `check-0` fails');
  expect(rig.hub.requests.filter(({ path }) => path.endsWith('/logs'))).toHaveLength(3);
});

const QUIET: [string, (repository: StubRepository) => unknown][] = [
  ['nothing was pushed', () => undefined],
  ['no check reports', (repository) => repository.pushToMain(COMMIT, [])],
  [
    'all checks pass',
    (repository) => repository.pushToMain(COMMIT, [{ name: 'unit', conclusion: 'SUCCESS' }]),
  ],
  [
    'a check of the push still runs',
    (repository) =>
      repository.pushToMain(COMMIT, [{ name: 'lint' }, { name: 'unit', conclusion: undefined as never }]),
  ],
  [
    'only workflows of a pull request from a fork failed, on the same commit',
    (repository) => repository.pushToMain(COMMIT, [{ name: 'unit', event: 'pull_request' }]),
  ],
  [
    'only a status of another service failed',
    (repository) => repository.pushToMain(COMMIT, [{ name: 'deploy', app: undefined }]),
  ],
  [
    'only a check of another app failed',
    (repository) => repository.pushToMain(COMMIT, [{ name: 'preview', app: 'vercel', event: undefined }]),
  ],
  [
    'only workflows of a tag and of another branch failed, on the same commit',
    (repository) =>
      repository.pushToMain(COMMIT, [
        { name: 'release', branch: undefined },
        { name: 'trial', branch: 'trial' },
      ]),
  ],
  [
    'only a workflow that runs by the clock failed',
    (repository) => repository.pushToMain(COMMIT, [{ name: 'audit', event: 'schedule' }]),
  ],
];

test.each(QUIET)('no failure of the base branch is reported where %s', async (_, prepare) => {
  await using rig = await rigWithProject();
  prepare(rig.repository);
  expect(await rig.failed()).toBeUndefined();
});

test('labelled issues are found oldest first, and again only once they are labelled again after a session', async () => {
  await using rig = await rigWithProject();
  const { repository, machine } = rig;
  repository.permissions.ada = 'write';
  const label = (issue: StubIssue, at = repository.time()) =>
    issue.labelled.push({ label: 'nightly', by: 'ada', at });
  const issues = [
    repository.openIssue('ada', 'Names', 'Please.'),
    repository.openIssue('eve', 'Sails', 'Now.'),
  ];
  for (const issue of issues.toReversed()) label(issue);
  const found = await rig.labelled();
  expect(found).toMatchObject([
    { kind: 'issue', issue: { number: 1001, title: 'Names', repository: 'github.com/fleet/boats' } },
    { kind: 'issue', issue: { number: 1002, text: expect.stringContaining('> Now.') } },
  ]);
  const [work] = found;
  if (work === undefined) throw new Error('No issue was found');
  await startSession({ work, project: machine.repo.path, run: false }, machine.context);
  expect((await rig.labelled()).map(({ issue }) => issue)).toMatchObject([{ number: 1002 }]);
  const [first] = issues;
  if (first) label(first, new Date(Date.now() + 60_000).toISOString());
  expect(await rig.labelled()).toHaveLength(2);
});

const STRANGE: [string, (repository: StubRepository, issue: StubIssue) => unknown][] = [
  [
    'got its label from a stranger',
    (repository, { labelled }) => labelled.push({ label: 'nightly', by: 'mallory', at: repository.time() }),
  ],
  [
    'was edited by a stranger after it was labelled',
    (repository, { labelled, edits }) => {
      labelled.push({ label: 'nightly', by: 'person', at: repository.time() });
      edits.push({ by: 'mallory', at: repository.time() });
    },
  ],
  [
    'was closed',
    (repository, issue) => {
      issue.labelled.push({ label: 'nightly', by: 'person', at: repository.time() });
      issue.state = 'CLOSED';
    },
  ],
];

test.each(STRANGE)('a labelled issue that %s is not work', async (_, prepare) => {
  await using rig = await rigWithProject();
  prepare(rig.repository, rig.repository.openIssue('mallory', 'Names', 'Please.'));
  expect(await rig.labelled()).toEqual([]);
});
