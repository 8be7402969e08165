import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { JudgedSignal } from '../../../../src/core/kernel/phases/decision.ts';
import { EMPTY_TRAIL, withPrint } from '../../../../src/core/kernel/phases/no-progress.ts';
import type { Phase } from '../../../../src/core/kernel/phases/table.ts';
import { BLOCK_AFTER, NUDGE_AFTER } from '../../../../src/core/kernel/phases/table.ts';
import { openStore } from '../../../../src/core/project/checkpoints/checkpoint-store.ts';
import { documentsIn } from '../../../../src/core/project/checkpoints/take-files.ts';
import { progressPrint } from '../../../../src/core/worker/judge/loop-guard.ts';
import { type CheckpointScene, checkpointScene } from '../../../support/checkpoint-scene.ts';
import { ci } from '../../../support/ci.ts';

/** The result of one agent: files of the worktree (`code:`) and of the session folder, and its signal. */
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
/** One agent more than the limit for a nudge. */
const ENOUGH = NUDGE_AFTER + 1;

const numbered = (count: number, make: (index: number) => Step) =>
  Array.from({ length: count }, (_, i) => make(i));

/** Ways in which honest sessions progress, including slow and odd ones. */
const KINDS: Array<(seed: number) => Step[]> = [
  // Research: one growing document, nothing else.
  (seed) =>
    numbered(ENOUGH, (i) =>
      step('investigation', { '11-20-0900-dive-x.md': `${'fact\n'.repeat(seed + i)}` }),
    ),
  // Research: a short document each time.
  (seed) =>
    numbered(ENOUGH, (i) =>
      step('investigation', { [`11-20-09${i}0-dive-${seed}.md`]: `Finding ${seed} ${i}\n` }),
    ),
  // Only ticks, because the code existed already.
  (seed) =>
    numbered(ENOUGH, (i) =>
      step('implementation', { '11-20-0900-plan-x.md': `${'- [x] s\n'.repeat(i)}- [ ] ${seed}\n` }),
    ),
  // Code without documents.
  (seed) =>
    numbered(ENOUGH, (i) =>
      step('implementation', { [`code:src/${seed}-${i}.ts`]: `export const n = ${i};\n` }),
    ),
  // One file that is rewritten repeatedly.
  (seed) => numbered(ENOUGH, (i) => step('implementation', { 'code:a.txt': `${seed} attempt ${i}\n` })),
  // Two agents that only read before the third writes.
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
  // Tests that fail, are fixed and fail again: the tree changes, the report is rewritten.
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
  // One phase after another with hardly any change.
  () => [
    step('investigation', {}, { status: 'continue', phase: 'requirements' }),
    step('requirements', {}, { status: 'continue', phase: 'planning' }),
    step('planning', {}, { status: 'waiting', for: 'plan_approval' }),
    step('implementation', {}, { status: 'continue', phase: 'testing' }),
    step('testing', {}, { status: 'continue', phase: 'quality' }),
  ],
  // A reverted attempt with a note: the tree is the old one, the plan's notes are not.
  (seed) =>
    numbered(ENOUGH, (i) =>
      step('implementation', {
        'code:a.txt': i % 2 === 0 ? 'as before\n' : `attempt ${i} ${seed}\n`,
        '11-20-0900-plan-x.md': `- [ ] ${seed}\n## Notes\n${'tried\n'.repeat(i)}`,
      }),
    ),
  // A review with the same result for different states.
  (seed) =>
    numbered(3, (i) =>
      step('quality', { 'code:a.txt': `${i}${seed}\n`, '11-20-0900-quality-review-x.md': 'No findings\n' }),
    ),
];

const SEEDS = [1, 2, 3];

/** After each step, how many steps in a row left the state unchanged. */
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
    // Every agent describes itself differently.
    await writeFile(join(sessionDir, '_overview.md'), `Last Action: ${index}\n`);
    const kept = await keep(index + 1);
    const documents = await documentsIn(await openStore(scene.place), kept.sessionTree);
    const print = progressPrint({ phase, signal, worktree: kept.print, documents });
    trail = withPrint(trail, { print, ending: 'signalled' });
    found.push(trail.equal);
  }
  return found;
}

test('there are at least thirty honest traces', ci, () => {
  expect(KINDS.length * SEEDS.length).toBeGreaterThanOrEqual(30);
});

test.each(KINDS.map((kind, index) => [index + 1, kind] as const))(
  'honest traces of kind %i get no nudge',
  async (number, kind) => {
    const scene = await checkpointScene();
    await using _ = scene.repo;
    // In one repository: the results of earlier runs no longer change.
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
  { what: 'back and forth', steps: numbered(5, (i) => step('quality', { 'code:a.txt': `${i % 2}\n` })) },
  {
    what: 'back and forth between two phases',
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
