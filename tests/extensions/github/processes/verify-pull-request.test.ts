import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../../support/ci.ts';
import { CHECK, type PullRequestPlan, pullRequestScene } from '../../../support/pull-request-scene.ts';

test.concurrent(
  'the proof of a pull request is repeated by the checks of the project, which keeps no trace of it',
  ci,
  async () => {
    await using at = await pullRequestScene();
    const refs = await at.repo.git(['for-each-ref']);
    expect(await at.verify()).toMatchObject({
      ...{ verified: true, result: 'repeated', commit: at.head, differences: [] },
      checks: [{ command: CHECK, expected: 0, found: 0 }],
    });
    expect(await at.repo.git(['for-each-ref'])).toBe(refs);
    expect(existsSync(join(at.repo.path, '.git/FETCH_HEAD'))).toBe(false);
  },
);

test.concurrent('a number names a pull request of the original if origin is a fork', async () => {
  await using at = await pullRequestScene();
  await at.repo.git(['remote', 'rename', 'origin', 'upstream']);
  await at.repo.git(['remote', 'add', 'origin', 'git@github.example:me/r.git']);
  expect(await at.verify()).toMatchObject({ verified: true, commit: at.head });
});

test.concurrent.each<[string, PullRequestPlan, object]>([
  ['a check that fails', { work: { 'work.txt': 'no\n' } }, { verified: false, result: 'differs' }],
  [
    'a .samocode of the pull request, which is not used',
    { work: { 'work.txt': 'no\n', '.samocode': 'CHECK=true\n' } },
    { verified: false, differences: [{ what: 'exit_status', about: CHECK }] },
  ],
  [
    'a text without a proof, which verifies nothing',
    { text: 'By hand.' },
    { verified: false, result: 'no_proof', differences: [] },
  ],
  [
    'a proof of another commit',
    { change: { commit: '5'.repeat(40) } },
    { verified: false, differences: [{ what: 'commit' }] },
  ],
  [
    'commands that the project does not have',
    { lines: { CHECK: 'test -e work.txt' } },
    { verified: true, result: 'partly', notRepeated: [{ command: CHECK, expected: 0 }] },
  ],
])('%s', async (_, plan, found) => {
  await using at = await pullRequestScene(plan);
  expect(await at.verify()).toMatchObject(found);
});

test.concurrent.each<[string, PullRequestPlan, string]>([
  ['no login', { gh: 'exit 4' }, 'gh is not logged in to github.example'],
  [
    'no such number',
    { gh: 'printf "HTTP/2.0 404 Not Found\\n\\n{}"; exit 1' },
    'refused a request about pull request 7',
  ],
  [
    'no network',
    { gh: 'echo "error connecting to api.github.com" >&2; exit 1' },
    'github.example cannot be reached',
  ],
  [
    'an answer that is none',
    { gh: 'printf "HTTP/2.0 200 OK\\n\\n{}"' },
    'A request to github.example failed',
  ],
  ['no CHECK', { lines: {} }, 'has no CHECK'],
])('%s is said, with what to do', async (_, plan, why) => {
  await using at = await pullRequestScene(plan);
  await expect(at.verify()).rejects.toMatchObject({
    message: expect.stringContaining(why),
    hint: expect.stringMatching(/./),
  });
});

test.concurrent('lines of .samocode that no person has trusted run nothing', async () => {
  await using at = await pullRequestScene();
  await writeFile(
    join(at.repo.path, '.samocode'),
    'MAIN_REPO=.\nWORKTREES=w\nSESSIONS=s\nCHECK=touch "$OUTSIDE/ran"\n',
  );
  await mkdir(join(at.repo.path, 'w'));
  await mkdir(join(at.repo.path, 's'));
  await expect(at.verify()).rejects.toMatchObject({ code: 'project_not_trusted' });
});

test.concurrent('without a guard the code of a pull request runs only after a yes', async () => {
  await using at = await pullRequestScene();
  const asked = await at.samocode('--pull-request', '7');
  expect(asked.exitCode).toBe(1);
  expect(asked.stderr).toContain('you have not agreed to run the code of pull request 7');
  const { exitCode, stdout } = await at.samocode('--pull-request', '7', '--yes');
  expect(stdout).toMatch(/✔ grep -q done work\.txt: exit status 0 .*\nyes: [0-9a-f]{12} matches the proof/);
  expect(exitCode).toBe(0);
  for (const args of [[], ['x', '--pull-request', '7']])
    expect((await at.samocode(...args)).exitCode).toBe(2);
});
