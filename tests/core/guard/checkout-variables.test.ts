import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { test } from 'vitest';
import { iterationPaths } from '../../../src/core/session/layout/paths.ts';
import { ci, ciIf } from '../../support/ci.ts';
import { DONE } from '../../support/scenario-rules.ts';
import { NO_GATES, type RigPlan, setPhase, startRig } from '../../support/session-rig.ts';
import { writeBelow } from '../../support/temp-dir.ts';
import type { TempRepo } from '../../support/temp-repo.ts';

// Variables of the shell that starts a session lead into the main checkout: its proof tests the branch all the same.

const PYTHON = '/usr/bin/python3';

interface Row {
  name: string;
  value(repo: TempRepo): string;
  /** Passes on the base; `broken` on the branch has what makes it fail. */
  check: string;
  broken: Readonly<Record<string, string>>;
  sandbox: NonNullable<RigPlan['sandbox']>;
  needs?: string;
  ci?: true;
}

const FILES = {
  'src/boat.js': 'module.exports = "afloat";\n',
  'src/boat.py': 'AFLOAT = True\n',
  'src/go.work': 'afloat\n',
  'bin/boat-check': '#!/bin/sh\nexec sh "$(dirname "$0")/answer"\n',
  'bin/answer': 'exit 0\n',
};
const THROWS = { 'src/boat.js': 'throw new Error("sunk");\n' };
const inMain = (name: string) => (repo: TempRepo) => join(repo.path, name);
const firstOnPath = (repo: TempRepo) => [join(repo.path, 'bin'), repo.env.PATH].join(delimiter);

const ROWS: readonly Row[] = [
  {
    ...{ name: 'NODE_PATH', value: inMain('src'), sandbox: 'guard', ci: true },
    ...{ check: `node -e 'require("boat")'`, broken: THROWS },
  },
  {
    ...{ name: 'NODE_OPTIONS', value: (repo) => `--require ${repo.path}/src/boat.js`, sandbox: 'off' },
    ...{ check: 'node -e 0', broken: THROWS },
  },
  {
    ...{ name: 'PYTHONPATH', value: inMain('src'), sandbox: 'guard', needs: PYTHON },
    ...{ check: `${PYTHON} -c 'import boat; assert boat.AFLOAT'` },
    broken: { 'src/boat.py': 'AFLOAT = False\n' },
  },
  {
    ...{ name: 'GOWORK', value: inMain('src/go.work'), sandbox: 'off' },
    ...{ check: 'grep -q afloat "$GOWORK"', broken: { 'src/go.work': 'sunk\n' } },
  },
  {
    ...{ name: 'PATH', value: firstOnPath, sandbox: 'off', ci: true },
    ...{ check: 'boat-check', broken: { 'bin/answer': 'exit 1\n' } },
  },
];

async function executable(folder: string): Promise<void> {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) await chmod(join(folder, name), 0o755);
}

for (const { name, value, check, broken, sandbox, needs, ci } of ROWS)
  test.concurrent(
    `with ${name} into the main checkout and SANDBOX=${sandbox}, work that breaks the code is not done, and the next agent reads why`,
    ciIf(ci),
    async ({ expect }) => {
      if (needs !== undefined && !existsSync(needs)) return;
      const edits = Object.entries(broken).map(([path, text]) => ({ act: 'edit', path, text }));
      const breaks = [...edits, { act: 'commit', subject: 'Sink the boat' }, DONE];
      await using rig = await startRig({
        ...{ here: true, sandbox, phase: 'done', lines: { CHECK: check } },
        repo: { files: FILES, rearrange: madeExecutable },
        firstEnv: (repo) => ({ [name]: value(repo) }),
        scenario: {
          rules: [
            { when: { phase: 'done' }, do: breaks },
            { when: { phase: 'implementation' }, do: [{ act: 'hang' }] },
          ],
        },
      });
      const { lastIteration } = await rig.until(
        ({ openIteration, status }) => openIteration?.phase === 'implementation' || status.kind === 'done',
      );
      expect(lastIteration?.phase).toBe('done');
      const prompt = await readFile(iterationPaths(rig.paths, 2).prompt, 'utf8');
      expect(prompt).toContain(`Checks of the project failed: \`${check}\``);
    },
  );

async function madeExecutable(repo: TempRepo): Promise<void> {
  await executable(join(repo.path, 'bin'));
  await repo.commit('Executable');
}

const SAYS_SO = '#!/bin/sh\n: >"$OUTSIDE/started-$(basename "$0")"\n';

test.concurrent(
  'of the programs that a branch brings into folders of PATH none decides a check or is started by samocode',
  ci,
  async ({ expect }) => {
    const lines = { ...NO_GATES, CHECK: 'npm --version && pytest' };
    const scenario = { rules: [{ when: { phase: 'done' }, do: [DONE] }] };
    await using rig = await startRig({ at: 'resting', lines, repo: { files: FILES }, scenario });
    const { repo } = rig;
    const worktree = (await rig.state()).worktree?.path ?? '';
    const names = ['git', 'claude', 'npm', 'pytest', 'node', 'bwrap'];
    await writeBelow(worktree, Object.fromEntries(names.map((name) => [`bin/${name}`, SAYS_SO])));
    await executable(join(worktree, 'bin'));
    await repo.git(['add', '-A'], worktree);
    await repo.git(['commit', '--quiet', '-m', 'Programs'], worktree);
    const tools = join(repo.root, 'tools');
    await mkdir(tools);
    await writeBelow(tools, { pytest: '#!/bin/sh\n: >"$OUTSIDE/persons-pytest"\n' });
    await executable(tools);
    await setPhase(rig, 'done');
    const PATH = [join(worktree, 'bin'), join(repo.path, 'bin'), tools, repo.env.PATH].join(delimiter);
    await rig.resume({}, { PATH });
    await rig.until(({ status }) => status.kind === 'done');
    const made = readdirSync(repo.root).filter((name) => /^(?:started|persons)-/.test(name));
    expect(made).toEqual(['persons-pytest']);
  },
);
