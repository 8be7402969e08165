// @module-tag ci
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planHash } from '../../../../src/core/session/documents/plan.ts';
import { withLedger } from '../../../../src/core/session/documents/requirements.ts';
import { unreviewed } from '../../../../src/core/worker/judge/claims.ts';
import { Evidence } from '../../../../src/core/worker/state/evidence.ts';
import { ended } from '../../../support/proved-events.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { finished } from '../../unit/worker/finished-session.ts';

const PLAN = '01-08-1000-plan-x.md';
const TEXT = '# Plan: x\n\n### Phase 1: it\n- [x] it\n';
const LEDGER = JSON.stringify({ requirements: [{ id: 'R1', text: 'It reads well', check: 'reviewed' }] });

/** A session whose R1 a quality agent has confirmed for the current commit of its branch. */
async function reviewedSession(
  log: Awaited<ReturnType<typeof tempLog>>,
  repo: Awaited<ReturnType<typeof makeRepo>>,
) {
  const worker = await finished(log, repo, { events: [] });
  await writeFile(join(worker.paths.sessionDir, PLAN), TEXT);
  await writeFile(worker.paths.requirements, LEDGER);
  const plan = { name: PLAN, hash: planHash(withLedger(TEXT, LEDGER)) };
  const head = await repo.git(['rev-parse', 'samocode/x']);
  await worker.writer.append({ type: 'plan_approved', by: { channel: 'cli' }, plan, phase: 'quality' }, {
    ...ended({ kind: 'run', phase: 'testing', notes: [], delay: 'none' }, head),
    phase: 'quality',
    signal: { status: 'continue', phase: 'testing', reviewed: ['R1'] },
  } as Parameters<typeof worker.writer.append>[0]);
  return worker;
}

test.each<[string, Record<string, string> | undefined, string[]]>([
  ['nothing is committed after it', undefined, []],
  ['an empty commit follows', {}, []],
  ['a commit adds nothing but a document', { 'docs/Summary x.md': '# Done\n' }, []],
  ['a commit changes an existing document', { 'README.md': '# Other\n' }, ['R1']],
  ['a commit changes the code', { 'a.txt': 'other\n' }, ['R1']],
  ['a commit adds code', { 'b.md': '# B\n', 'b.txt': 'more\n' }, ['R1']],
])('if %s, the reviews that count are those of the present code', async (_, files, open) => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await reviewedSession(log, repo);
  await repo.git(['switch', '--quiet', '--detach'], join(repo.root, 'worktree of samocode x'));
  await repo.git(['switch', '--quiet', 'samocode/x']);
  if (files && Object.keys(files).length > 0) await repo.commit('Later', files);
  else if (files) await repo.git(['commit', '--quiet', '--allow-empty', '-m', 'Later']);
  expect((await unreviewed(new Evidence(worker))).map((line) => line.split(' ')[1])).toEqual(open);
  expect(await unreviewed(new Evidence(worker), ['R1'])).toEqual([]);
});

test('a missing branch invalidates no review, and is reported as such', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await reviewedSession(log, repo);
  await repo.git(['update-ref', '-d', 'refs/heads/samocode/x']);
  expect(await unreviewed(new Evidence(worker))).toEqual([]);
});
