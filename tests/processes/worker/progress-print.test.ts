import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { JudgedSignal } from '../../../src/phases/decision.ts';
import { EMPTY_TRAIL, withPrint } from '../../../src/phases/no-progress.ts';
import type { Phase } from '../../../src/phases/table.ts';
import { BLOCK_AFTER, NUDGE_AFTER } from '../../../src/phases/table.ts';
import { worktreePrints } from '../../../src/project/checkpoints/worktree-print.ts';
import { progressPrint } from '../../../src/worker/judging/loop-guard.ts';
import { type CheckpointScene, checkpointScene } from '../../support/checkpoint-scene.ts';

/** What one child leaves: files of the worktree (`code:`) and of the session folder, and its signal. */
interface Step {
  phase: Phase;
  files?: Record<string, string>;
  signal?: JudgedSignal;
}

const stay: JudgedSignal = { status: 'continue' };
const step = (phase: Phase, files: Record<string, string> = {}, signal = stay): Step => ({
  phase,
  files,
  signal,
});
/** An agent more than it takes to be told: who moves on is told by none of them. */
const ENOUGH = NUDGE_AFTER + 1;

const numbered = (count: number, make: (index: number) => Step) =>
  Array.from({ length: count }, (_, i) => make(i));

/** Ways in which honest sessions move on, slow and odd ones among them. */
const KINDS: Array<(seed: number) => Step[]> = [
  // Research: one document that grows, nothing else.
  (seed) =>
    numbered(ENOUGH, (i) =>
      step('investigation', { '11-20-0900-dive-x.md': `${'fact\n'.repeat(seed + i)}` }),
    ),
  // Research: a short document each time.
  (seed) =>
    numbered(ENOUGH, (i) =>
      step('investigation', { [`11-20-09${i}0-dive-${seed}.md`]: `Finding ${seed} ${i}\n` }),
    ),
  // Ticks alone, while the code was there already.
  (seed) =>
    numbered(ENOUGH, (i) =>
      step('implementation', { '11-20-0900-plan-x.md': `${'- [x] s\n'.repeat(i)}- [ ] ${seed}\n` }),
    ),
  // Code without documents.
  (seed) =>
    numbered(ENOUGH, (i) =>
      step('implementation', { [`code:src/${seed}-${i}.ts`]: `export const n = ${i};\n` }),
    ),
  // One file that is turned over and over.
  (seed) => numbered(ENOUGH, (i) => step('implementation', { 'code:a.txt': `${seed} attempt ${i}\n` })),
  // Two children that read before the third writes.
  (seed) => [
    step('investigation'),
    step('investigation'),
    step('investigation', { '11-20-0900-dive-x.md': `${seed}\n` }),
    step('investigation', {}, { status: 'continue', phase: 'requirements' }),
  ],
  // Rounds of questions.
  (seed) =>
    numbered(4, (i) =>
      step(
        'requirements',
        { '_qa.md': `${'### Q\n'.repeat(i + 1)}${seed}` },
        { status: 'waiting', for: 'qa_answers' },
      ),
    ),
  // Tests that fail, are repaired, fail again: the tree moves on, the report is rewritten.
  (seed) =>
    numbered(ENOUGH, (i) =>
      i % 2 === 0
        ? step(
            'testing',
            { '11-20-0900-test-report-x.md': `run ${i} ${seed}\n` },
            { status: 'continue', phase: 'implementation' },
          )
        : step('implementation', { 'code:fix.ts': `fix ${i}\n` }, { status: 'continue', phase: 'testing' }),
    ),
  // A phase after the other with hardly a trace.
  () => [
    step('investigation', {}, { status: 'continue', phase: 'requirements' }),
    step('requirements', {}, { status: 'continue', phase: 'planning' }),
    step('planning', {}, { status: 'waiting', for: 'plan_approval' }),
    step('implementation', {}, { status: 'continue', phase: 'testing' }),
    step('testing', {}, { status: 'continue', phase: 'quality' }),
  ],
  // An attempt that is taken back, and said so: the tree is the old one, the plan's notes are not.
  (seed) =>
    numbered(ENOUGH, (i) =>
      step('implementation', {
        'code:a.txt': i % 2 === 0 ? 'as before\n' : `attempt ${i} ${seed}\n`,
        '11-20-0900-plan-x.md': `- [ ] ${seed}\n## Notes\n${'tried\n'.repeat(i)}`,
      }),
    ),
  // A review that says the same of different states.
  (seed) =>
    numbered(3, (i) =>
      step('quality', { 'code:a.txt': `${i}${seed}\n`, '11-20-0900-quality-review-x.md': 'No findings\n' }),
    ),
];

const SEEDS = [1, 2, 3];

/** How many in a row came to what stood there before, after each step. */
async function equals(scene: CheckpointScene, steps: readonly Step[]): Promise<number[]> {
  const { keep, worktreePath, sessionDir } = scene;
  let trail = EMPTY_TRAIL;
  const found: number[] = [];
  for (const [index, { phase, files = {}, signal }] of steps.entries()) {
    for (const [name, text] of Object.entries(files)) {
      const path = name.startsWith('code:') ? join(worktreePath, name.slice(5)) : join(sessionDir, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    // Every child says something else about itself.
    await writeFile(join(sessionDir, '_overview.md'), `Last Action: ${index}\n`);
    const kept = await keep(index + 1);
    const { leftOut } = await worktreePrints(worktreePath, kept, { baseEnv: scene.repo.env });
    const print = progressPrint({ phase, signal, ...kept, leftOut });
    trail = withPrint(trail, { print, ending: 'signalled' });
    found.push(trail.equal);
  }
  return found;
}

test('there are at least thirty honest traces', () => {
  expect(KINDS.length * SEEDS.length).toBeGreaterThanOrEqual(30);
});

test.each(KINDS.map((kind, index) => [index + 1, kind] as const))(
  'honest traces of kind %i are not told that they go nowhere',
  async (number, kind) => {
    const scene = await checkpointScene();
    await using _ = scene.repo;
    // One after the other in one repository: what an earlier one has left changes no more.
    for (const seed of SEEDS) {
      const most = Math.max(...(await equals(scene, kind(seed))));
      expect(most, `trace ${number}.${seed}`).toBeLessThan(NUDGE_AFTER);
    }
  },
);

const LOOPS: Array<{ what: string; steps: Step[] }> = [
  { what: 'nothing at all', steps: numbered(5, () => step('implementation')) },
  {
    what: 'the same file with the same bytes',
    steps: numbered(5, () => step('implementation', { 'code:a.txt': 'x\n' })),
  },
  {
    what: 'the same document under new names',
    steps: numbered(5, (i) => step('testing', { [`11-20-090${i}-test-report-x.md`]: 'same\n' })),
  },
  { what: 'to and fro', steps: numbered(5, (i) => step('quality', { 'code:a.txt': `${i % 2}\n` })) },
  {
    what: 'to and fro between two phases',
    steps: numbered(5, (i) =>
      i % 2 === 0
        ? step('testing', {}, { status: 'continue', phase: 'implementation' })
        : step('implementation', {}, { status: 'continue', phase: 'testing' }),
    ),
  },
];

test.each(LOOPS)('a planted loop is caught: $what', async ({ steps }) => {
  const scene = await checkpointScene();
  await using _ = scene.repo;
  const found = await equals(scene, steps);
  expect(Math.max(...found)).toBeGreaterThanOrEqual(BLOCK_AFTER);
  expect(Math.max(...found.slice(0, 3))).toBeGreaterThanOrEqual(NUDGE_AFTER);
});
