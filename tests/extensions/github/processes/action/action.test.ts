import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseJson } from '../../../../../src/core/kernel/parse-json.ts';
import { makeProof } from '../../../../../src/core/session/proof/make-proof.ts';
import { proofText, type SessionProof } from '../../../../../src/core/session/proof/proof.ts';
import { withFoldedProof } from '../../../../../src/core/session/proof/proof-markdown.ts';
import { type JobEnd, type JobEvent, readAction, runAction } from '../../../../support/action-runner.ts';
import { ciIf } from '../../../../support/ci.ts';
import { checkRun, provedEvents } from '../../../../support/proved-events.ts';
import { makeRepo, type TempRepo } from '../../../../support/temp-repo.ts';

const CHECK = 'grep -q done work.txt';
const SHELL = `$(touch $OUTSIDE/RAN) \`touch $OUTSIDE/RAN\` \${{ github.token }} '; touch $OUTSIDE/RAN #`;

/** What GitHub has: the base branch, and a pull request with its proof. */
interface Scene {
  repo: TempRepo;
  head: string;
  base: string;
  proof: SessionProof;
}

interface Plan {
  /** Content of `.samocode` of the base, or none. */
  settings?: string;
  /** Files of the pull request. */
  work?: Readonly<Record<string, string>>;
  /** Branches from main, to which the pull request or a merge group can be opened: files of each. */
  branches?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

async function madeScene({
  settings = `CHECK=${CHECK}\n`,
  work = { 'work.txt': 'done\n' },
  branches = {},
}: Plan): Promise<Scene> {
  const repo = await makeRepo({
    files: { 'README.md': '# A project\n', ...(settings && { '.samocode': settings }) },
  });
  const base = await repo.git(['rev-parse', 'HEAD']);
  for (const [branch, files] of Object.entries(branches)) {
    await repo.git(['switch', '-q', '-c', branch, 'main']);
    await repo.commit('Branch', files);
  }
  await repo.git(['switch', '-q', '-c', 'samocode/x', base]);
  const head = await repo.commit('Work', work);
  const tree = await repo.git(['rev-parse', 'HEAD^{tree}']);
  await repo.git(['switch', '-q', 'main']);
  const requirements = [
    { id: 'R1', text: 'The work is done', check: CHECK },
    { id: 'R2', text: 'It reads <b>well</b>', check: 'reviewed' },
  ];
  const runs = [checkRun({ command: CHECK })];
  const proof = makeProof(provedEvents({ proved: { commit: head, tree, base }, runs, requirements }));
  return { repo, head, base, proof: proof ?? expect.fail('no proof') };
}

const REPOSITORY = { full_name: 'o/r', default_branch: 'main' };

/** The event of a pull request, as GitHub documents it. */
function opened({ head }: Scene, body: string | null, more: object = {}): JobEvent {
  const payload = {
    action: 'opened',
    number: 7,
    pull_request: {
      number: 7,
      title: SHELL,
      body,
      head: { ref: 'samocode/x', sha: head, repo: { full_name: 'o/r', fork: false } },
      base: { ref: 'main', sha: '0'.repeat(40), repo: { full_name: 'o/r' } },
      ...more,
    },
    repository: REPOSITORY,
  };
  return { name: 'pull_request', payload };
}

/** Publishes the repository as GitHub's `o/r`, and runs the action for an event. */
async function runFor({ repo }: Scene, event: JobEvent): Promise<JobEnd> {
  await repo.git(['clone', '-q', '--bare', repo.path, join(repo.root, 'o/r')], repo.root);
  const place = { folder: join(repo.root, 'runner'), server: `file://${repo.root}`, env: repo.env };
  return await runAction(place, event);
}

const claimed = ({ proof }: Scene, change: (proof: SessionProof) => Partial<SessionProof> = () => ({})) =>
  `A text for people.\n\n${withFoldedProof('Made by samocode.', { ...proof, ...change(proof) })}`;

const withRuns =
  (...runs: Parameters<typeof checkRun>[0][]) =>
  (proof: SessionProof): Partial<SessionProof> => ({
    checks: proof.checks && {
      ...proof.checks,
      runs: runs.map((run) => checkRun({ command: CHECK, ...run })),
    },
  });

interface Row extends Plan {
  title: string;
  event?(scene: Scene): JobEvent | Promise<JobEvent>;
  result: '' | 'repeated' | 'partly' | 'no_proof' | 'differs';
  /** In the job summary. */
  says: string | RegExp;
  ci?: true;
}

const ROWS: Row[] = [
  {
    title: 'the proof of an own branch is repeated',
    ci: true,
    result: 'repeated',
    says: '- `R1` `The work is done`: passed, by `grep -q done work.txt`',
  },
  {
    title: 'so is the one of a fork, whose commits are in no branch of the base repository',
    ci: true,
    async event(scene) {
      await scene.repo.git(['update-ref', 'refs/pull/7/head', scene.head]);
      await scene.repo.git(['branch', '-q', '-D', 'samocode/x']);
      return opened(scene, claimed(scene), {
        head: { ref: 'main', sha: scene.head, repo: { full_name: 'stranger/r', fork: true } },
      });
    },
    result: 'repeated',
    says: 'Yes: ',
  },
  {
    title: 'a text that GitHub stores with other line ends, and that a person edited around the proof',
    event: (scene) => opened(scene, `- [x] read\n${claimed(scene)}\nThanks!`.replaceAll('\n', '\r\n')),
    result: 'repeated',
    says: 'Yes: ',
  },
  {
    title: 'a proof that claims a check that fails',
    ci: true,
    work: { 'work.txt': 'broken\n' },
    result: 'differs',
    says: 'Exit status of `grep -q done work.txt`: expected `0`, found `1`',
  },
  {
    title: 'a proof that claims that the failing check was red before, which the base does not confirm',
    settings: 'CHECK=! test -e work.txt\n',
    event: (scene) =>
      opened(
        scene,
        claimed(scene, withRuns({ command: '! test -e work.txt', exitCode: 1, redBefore: true })),
      ),
    result: 'differs',
    says: 'expected `0`, found `1`',
  },
  {
    title: 'a check that is red on the base too, as the proof says',
    settings: 'CHECK=exit 3\n',
    event: (scene) =>
      opened(
        scene,
        claimed(scene, withRuns({ command: 'exit 3', exitCode: 3, how: 'exit status 3', redBefore: true })),
      ),
    result: 'partly',
    says: '! red before, red after: `exit 3`',
  },
  {
    title: 'a check that passes now, and is unsteady by the proof',
    settings: `CHECK=${CHECK}\n`,
    event: (scene) =>
      opened(
        scene,
        claimed(scene, withRuns({ command: CHECK, exitCode: 1, how: 'exit status 1', unsteady: true })),
      ),
    result: 'partly',
    says: `unsteady, on the base too: \`${CHECK}\``,
  },
  {
    title: 'a proof that calls a check unsteady, which fails now',
    settings: 'CHECK=exit 3\n',
    event: (scene) =>
      opened(
        scene,
        claimed(scene, withRuns({ command: 'exit 3', exitCode: 3, how: 'exit status 3', unsteady: true })),
      ),
    result: 'differs',
    says: 'expected `0`, found `3`',
  },
  {
    title: 'a check that fails and that the proof does not have',
    settings: `CHECK=${CHECK}\nCHECK_MORE=exit 4\n`,
    result: 'differs',
    says: '✘ exit status 4: `exit 4`',
  },
  {
    title: 'commands that the base does not have',
    ci: true,
    event: (scene) =>
      opened(
        scene,
        claimed(
          scene,
          withRuns({}, { command: 'touch "$OUTSIDE/RAN"' }, { command: 'npm ci', isSetup: true }),
        ),
      ),
    result: 'partly',
    says: '- `touch "$OUTSIDE/RAN"`: not repeated, because the base does not have this command; the proof says exit status 0',
  },
  {
    title: 'a commit that is not there',
    event: (scene) =>
      opened(
        scene,
        claimed(scene, () => ({ commit: '5'.repeat(40) })),
      ),
    result: 'differs',
    says: `- Commit: expected \`${'5'.repeat(40)}\``,
  },
  {
    title: 'another tree, and a base that is not there',
    event: (scene) =>
      opened(
        scene,
        claimed(scene, () => ({ tree: '4'.repeat(40), baseCommit: '6'.repeat(40) })),
      ),
    result: 'differs',
    says: /- Tree: expected `4+`[\s\S]*- Base commit: expected `6+`/,
  },
  {
    title: 'a commit that is an expression of git',
    ci: true,
    event: (scene) =>
      opened(
        scene,
        claimed(scene, () => ({ commit: '--output=x' })),
      ),
    result: 'differs',
    says: '- Commit: expected `--output=x`',
  },
  {
    title: 'data that was changed',
    ci: true,
    event: (scene) => opened(scene, claimed(scene).replace('"samocode/x"', '"samocode/y"')),
    result: 'differs',
    says: '- Proof: expected',
  },
  {
    title: 'a proof with a shell and expressions in each text',
    ci: true,
    event: (scene) =>
      opened(
        scene,
        claimed(scene, (proof) => ({
          ...withRuns({}, { command: SHELL })(proof),
          ...{ branch: SHELL, session: SHELL, base: SHELL, clone: { ...proof.clone, setup: SHELL } },
          requirements: [{ id: SHELL, text: `${SHELL}\n::error::x`, check: SHELL }],
        })),
        { head: { ref: SHELL, sha: scene.head } },
      ),
    result: 'partly',
    says: 'not repeated, because the base',
  },
  {
    title: 'a head that moved on',
    async event(scene) {
      await scene.repo.git(['switch', '-q', 'samocode/x']);
      const head = await scene.repo.commit('More');
      return opened({ ...scene, head }, claimed(scene));
    },
    result: 'differs',
    says: /- Proof is for an older commit: expected `[0-9a-f]+`, found `[0-9a-f]+`/,
  },
  {
    title: 'a text without a proof, where the checks pass',
    ci: true,
    event: (scene) => opened(scene, 'By hand.'),
    result: 'no_proof',
    says: 'No proof to compare with; the checks pass',
  },
  {
    title: 'no text, and a check that fails',
    work: { 'work.txt': 'broken\n' },
    event: (scene) => opened(scene, null),
    result: 'differs',
    says: '✘ exit status 1',
  },
  {
    title: 'a proof without its seal, whose data a person wrote',
    event: (scene) =>
      opened(scene, `\n\`\`\`json\n${JSON.stringify(parseJson(proofText(scene.proof)), null, 2)}\n\`\`\`\n`),
    result: 'repeated',
    says: 'Yes: ',
  },
  {
    title: 'a SETUP of the base that fails',
    ci: true,
    settings: `SETUP=exit 9\nCHECK=${CHECK}\n`,
    result: 'differs',
    says: '`exit 9`: expected `0`, found `9`',
  },
  {
    title: 'commands of the pull request, which changes .samocode',
    ci: true,
    work: { 'work.txt': 'broken\n', '.samocode': 'CHECK=true\n' },
    result: 'differs',
    says: `of \`${CHECK}\``,
  },
  {
    title: 'commands of the workflow, which come first',
    settings: 'CHECK=exit 1\n',
    event: (scene) => ({
      ...opened(scene, claimed(scene)),
      inputs: { setup: 'touch made', checks: `test -e made\n${CHECK}` },
    }),
    result: 'repeated',
    says: 'SETUP `touch made`',
  },
  {
    title: 'no .samocode in the base, and no command of the workflow',
    settings: '',
    result: '',
    says: 'Add a line such as CHECK=npm test to .samocode on main',
  },
  {
    title: 'a .samocode of the pull request alone',
    ci: true,
    settings: '',
    work: { '.samocode': 'CHECK=true\n' },
    result: '',
    says: 'commands of a pull request are not run',
  },
  {
    title: 'a push',
    event: ({ head }) => ({ name: 'push', payload: { after: head, repository: REPOSITORY } }),
    result: 'no_proof',
    says: 'the checks pass',
  },
  {
    title: 'a merge group',
    ci: true,
    event: ({ head }) => ({
      name: 'merge_group',
      payload: { merge_group: { head_sha: head, base_ref: 'refs/heads/main' }, repository: REPOSITORY },
    }),
    result: 'no_proof',
    says: 'the checks pass',
  },
  {
    title: 'into develop, whose commands are those of the default branch',
    ci: true,
    branches: { develop: { 'more.txt': 'more\n' } },
    event: (scene) => opened(scene, claimed(scene), { base: { ref: 'develop' } }),
    result: 'repeated',
    says: 'The base `develop` is neither the default branch nor named under "branches:" in the workflow, so `main` also',
  },
  {
    title:
      'into a layer of a stack that has other commands, which the work fails by those of the default branch',
    ci: true,
    work: { 'work.txt': 'broken\n' },
    branches: { 'layer-a': { '.samocode': 'CHECK=true\n' } },
    event: (scene) => opened(scene, 'By hand.', { base: { ref: 'layer-a' } }),
    result: 'differs',
    says: `of \`${CHECK}\``,
  },
  {
    title: 'into a layer of a stack, whose payload names the trunk',
    branches: { 'layer-a': { '.samocode': 'CHECK=true\n' } },
    event: (scene) =>
      opened(scene, claimed(scene), { base: { ref: 'layer-a' }, stack: { base: { ref: 'main' } } }),
    result: 'repeated',
    says: `✔ passed: \`${CHECK}\``,
  },
  {
    title: 'into a layer of a stack that brings its own excuse for a red check',
    settings: 'CHECK=! test -e work.txt\n',
    branches: { 'layer-a': { 'work.txt': 'red\n' } },
    event: (scene) =>
      opened(
        scene,
        claimed(scene, withRuns({ command: '! test -e work.txt', exitCode: 1, redBefore: true })),
        { base: { ref: 'layer-a' } },
      ),
    result: 'differs',
    says: 'expected `0`, found `1`',
  },
  {
    title: 'into a release branch with other commands, for which those of the default branch run',
    ci: true,
    branches: { 'release/1.x': { '.samocode': `SETUP=touch made\nCHECK=${CHECK}\n` } },
    event: (scene) => opened(scene, claimed(scene), { base: { ref: 'release/1.x' } }),
    result: 'partly',
    says: `\`release/1.x is neither the default branch nor named under "branches:" in the workflow, and has other commands: SETUP=touch made, CHECK=${CHECK}; main has CHECK=${CHECK}\``,
  },
  {
    title: 'into a release branch that the workflow names',
    ci: true,
    branches: { 'release/1.x': { '.samocode': `SETUP=touch made\nCHECK=${CHECK}\n` } },
    event: (scene) => ({
      ...opened(scene, claimed(scene), { base: { ref: 'release/1.x' } }),
      inputs: { branches: 'develop\nrelease/*' },
    }),
    result: 'repeated',
    says: 'SETUP `touch made`',
  },
  {
    title: 'into a branch that only looks like one that the workflow names',
    branches: { 'release-1/x': { '.samocode': 'CHECK=true\n' } },
    event: (scene) => ({
      ...opened(scene, claimed(scene), { base: { ref: 'release-1/x' } }),
      inputs: { branches: 'release*\nrelease.1/x' },
    }),
    result: 'partly',
    says: 'has other commands: CHECK=true; main has',
  },
  {
    title: 'of a fork, into a branch with other commands, where the workflow names its own',
    branches: { develop: { '.samocode': 'CHECK=exit 1\n' } },
    event: (scene) => ({
      ...opened(scene, claimed(scene), {
        base: { ref: 'develop' },
        head: { ref: 'main', sha: scene.head, repo: { full_name: 'stranger/r', fork: true } },
      }),
      inputs: { checks: CHECK },
    }),
    result: 'repeated',
    says: 'Yes: ',
  },
  {
    title: 'of a fork, into a branch with commands, where the default branch has none',
    settings: '',
    branches: { develop: { '.samocode': `CHECK=${CHECK}\n` } },
    event: (scene) =>
      opened(scene, claimed(scene), {
        base: { ref: 'develop' },
        head: { ref: 'main', sha: scene.head, repo: { full_name: 'stranger/r', fork: true } },
      }),
    result: 'partly',
    says: `has other commands: CHECK=${CHECK}; main has none`,
  },
  {
    title: 'a merge group of a branch with other commands',
    branches: { develop: { '.samocode': 'CHECK=exit 1\n' } },
    event: ({ head }) => ({
      name: 'merge_group',
      payload: { merge_group: { head_sha: head, base_ref: 'refs/heads/develop' }, repository: REPOSITORY },
    }),
    result: 'partly',
    says: /\*\*Partly: the checks pass on [0-9a-f]+; `develop is neither .*: CHECK=exit 1; main has/,
  },
  ...['pull_request_target', 'workflow_run', 'issue_comment', 'toString'].map((name) => ({
    title: `the event ${name}`,
    event: (scene: Scene) => ({ ...opened(scene, claimed(scene)), name }),
    result: '' as const,
    says: `the event "${name}" may have access to the secrets`,
  })),
  {
    title: 'an event in another format',
    ci: true,
    event: (scene) => opened(scene, '', { head: { sha: '$(id)' } }),
    result: '',
    says: 'not in the format that GitHub documents',
  },
];

const PASSES = ['repeated', 'partly', 'no_proof'];

for (const { title, event, result, says, ci, ...plan } of ROWS)
  test.concurrent(`${title}: ${result}`, ciIf(ci), async () => {
    const scene = await madeScene(plan);
    await using repo = scene.repo;
    const job = await runFor(scene, event ? await event(scene) : opened(scene, claimed(scene)));
    expect(job.outputs.result, job.log).toBe(result);
    expect(job.exitCode).toBe(PASSES.includes(result) ? 0 : 1);
    expect(job.summary).toEqual(
      typeof says === 'string' ? expect.stringContaining(says) : expect.stringMatching(says),
    );
    expect(job.log + job.summary).not.toContain('ghs_secret');
    expect(existsSync(join(repo.root, 'RAN'))).toBe(false);
  });

test('output and input of checks can neither command the runner nor set its outputs', async () => {
  const settings = [
    'CHECK=echo "::error::forged"; exit 1',
    'CHECK_ENV=! env | grep -E "^(GITHUB|ACTIONS|INPUT|SAMOCODE)_|ghs_secret"',
  ].join('\n');
  const scene = await madeScene({ settings });
  await using _ = scene.repo;
  const { log, summary } = await runFor(scene, opened(scene, ''));
  const [, token] =
    /^::stop-commands::(\S+)\n(?!.*::stop-commands)/m.exec(log.slice(log.lastIndexOf('::stop'))) ?? [];
  const commanding = log.slice(0, log.lastIndexOf('::stop')) + log.slice(log.lastIndexOf(`::${token}::`));
  expect(log).toContain('\n::error::forged');
  expect(commanding).not.toContain('forged');
  expect(summary).toMatch(/✔ passed: `! env/);
});

test('no script of the action contains an expression, and each has a shell', async () => {
  const text = await readFile('action.yml', 'utf8');
  const { steps } = readAction(text);
  expect(steps).toHaveLength(text.match(/^ {4}- /gm)?.length ?? 0);
  expect(steps.length).toBeGreaterThan(1);
  for (const { run, shell, uses } of steps) {
    expect({ shell, uses }).toEqual({ shell: 'bash', uses: undefined });
    expect(run).not.toContain('${{');
  }
});
