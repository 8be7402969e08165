import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import type { OpenWork } from '../../../../src/core/session/events/open-work.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { ciIf } from '../../../support/ci.ts';
import { STARTED } from '../../../support/work-events.ts';
import { type Death, FinishingScene } from './finishing-scene.ts';

const by = { channel: 'cli' } as const;
const TO = '_archive/26-01-08-x';
const REVIEWS = { ...STARTED, phase: 'quality' } as const;
const ENDED: NewEvent = {
  ...{ type: 'iteration_ended', iteration: 1, phase: 'quality', ending: 'signalled', exitCode: 0 },
  ...{ signalNotes: [], changed: false, treeChanged: false, cost: {}, durationMs: 1, flowLines: [] },
  decision: { kind: 'done', phase: 'done', summary: 'again' },
};
const ARCHIVE: NewEvent = { type: 'finish_asked', work: { kind: 'archive', by, to: TO } };

interface Row {
  /** The events after which the work is in progress. */
  asked: (scene: FinishingScene) => Promise<NewEvent[]>;
  /** The events that it ends with, and what is left. */
  ends: string[];
  left?: Partial<Left>;
}

interface Left {
  status: string;
  archived: boolean;
  isHome: boolean;
  hasWorktree: boolean;
  hasBranch: boolean;
  isMerged: boolean;
}

const UNCHANGED: Left = {
  ...{ status: 'done', archived: false, isMerged: false },
  ...{ isHome: true, hasWorktree: true, hasBranch: true },
};
const GONE = { archived: true, isHome: false, hasWorktree: false };

/** A row for each kind: the compiler asks for the one of a new kind. Publications have rows in their extension. */
const ROWS: Record<Exclude<OpenWork['kind'], 'publish'>, Row> = {
  decision: { asked: async () => [REVIEWS, ENDED], ends: ['done'] },
  discard_unbegun: {
    asked: async () => [
      {
        ...{ type: 'parked', for: 'qa_answers', resumePhase: 'init', openQuestions: ['Q1'], unconfirmed: [] },
        asks: [{ kind: 'order', question: 'Q1', round: 1, keys: ['k'] }],
      },
      {
        type: 'answers_recorded',
        by,
        answers: [{ id: 'Q1', question: 'h', text: 'C', choice: 'C' }],
        open: [],
      },
    ],
    ends: ['stopped', 'finish_asked', 'archived'],
    left: { ...GONE, status: 'stopped' },
  },
  rewind: {
    asked: async (scene) => {
      const back = { progress: emptyState().progress, answers: [], oldRounds: 0, oldPlans: [] };
      return [{ type: 'rewind_asked', by, to: 1, commit: await scene.checkpoint(1), back }];
    },
    ends: ['rewound'],
    left: { status: 'stopped' },
  },
  archive: { asked: async () => [ARCHIVE], ends: ['archived'], left: GONE },
  discard: {
    asked: async (scene) => {
      await scene.leave('discard', 'A', false);
      await scene.take();
      return [];
    },
    ends: ['discarded', 'archived'],
    left: { ...GONE, hasBranch: false },
  },
  documents: {
    asked: async ({ documents }) => [
      {
        type: 'finish_asked',
        work: { kind: 'documents', by, to: TO, moved: [...documents.keys()], kept: [] },
      },
    ],
    ends: ['archived'],
  },
  unarchive: {
    asked: async (scene) => {
      await scene.record(ARCHIVE);
      await scene.perform();
      return [{ type: 'finish_asked', work: { kind: 'unarchive', by } }];
    },
    ends: ['unarchived'],
    left: { hasWorktree: false },
  },
  merge: {
    asked: async () => [{ type: 'finish_asked', work: { kind: 'merge', by, into: 'main' } }],
    ends: ['merge_ended'],
    left: { isMerged: true },
  },
};

const DEATHS: ReadonlyArray<readonly [string, Death | 'before']> = [
  ['before it begins', 'before'],
  ['after its first git call', 1],
  ['after five git calls', 5],
  ['once it is done, and before that is recorded', 'unrecorded'],
];

async function leftOf({ state, repo, home, worktreePath }: FinishingScene): Promise<Left> {
  return {
    status: state.status.kind,
    archived: state.archived,
    isHome: existsSync(home.sessionDir),
    hasWorktree: existsSync(worktreePath),
    hasBranch: (await repo.git(['branch', '--list', 'samocode/x'])) !== '',
    isMerged: (await repo.git(['rev-list', '--max-count=1', '--grep=Work', 'main'])) !== '',
  };
}

async function endOf(scene: FinishingScene, from: number): Promise<string[]> {
  while (scene.state.work !== undefined) await scene.perform();
  const after = (await scene.events()).filter(({ n, type }) => n > from && type !== 'worker_took_over');
  return after.map(({ type }) => type);
}

for (const [kind, row] of Object.entries(ROWS)) {
  for (const [when, death] of DEATHS) {
    const isOfCi = ciIf(kind === 'rewind' || kind === 'decision');
    test(`work ends the same if a worker dies ${when}: ${kind}`, isOfCi, async () => {
      await using scene = await FinishingScene.open();
      await scene.record(...(await row.asked(scene)));
      const { work, n } = scene.state;
      expect(work?.kind).toBe(kind);
      if (death === 'before') await scene.anotherWorker();
      else await scene.perform(death);
      expect(await endOf(scene, n)).toEqual(row.ends);
      expect(await leftOf(scene)).toEqual({ ...UNCHANGED, ...row.left });
    });
  }
}

test('an iteration that a block left open is still open after the session was archived and restored', async () => {
  await using scene = await FinishingScene.open();
  const why = { phase: 'quality', reason: 'r', needs: 'error_resolution', rule: 'child_immortal' } as const;
  await scene.record(REVIEWS, { type: 'blocked', ...why });
  for (const way of ['archive', 'unarchive'] as const) {
    await scene.leave(way, 'A', false);
    await scene.take();
    expect(scene.state).toMatchObject({ work: { kind: way }, openIteration: { iteration: 1 } });
    await scene.perform();
  }
  expect(scene.state).toMatchObject({ status: { kind: 'blocked' }, openIteration: { iteration: 1 } });
  expect(scene.state.work).toBeUndefined();
});
