import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readQa } from '../../../../src/core/acts/gates/read-qa.act.ts';
import { gitLine } from '../../../../src/core/project/git/git.ts';
import type { SessionState } from '../../../../src/core/session/events/state.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { statusSentence } from '../../../../src/core/session/words/words.ts';
import { kindRow } from '../../../../src/extensions/notify/notice/kinds.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { DONE } from '../../../support/scenario-rules.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';

const HANG = { when: { phase: 'implementation' }, do: [{ act: 'hang' }] };
const goes = (phase: string) => ({ act: 'end', did: 'Fine', signal: { status: 'continue', phase } });
const runs = (script: string) => ({
  act: 'run',
  command: ['sh', '-c', `${script}; git add -A; git commit -qm x`],
});
const TEST = "test('adds', () => {});\n";
const SKIPS = runs('echo "test.skip(\'adds\', () => {});" >a.test.js');
const FURTHER = runs('test -e b.test.js && git rm -q b.test.js');

async function inPhase(
  phase: 'done' | 'testing',
  rules: object[],
  lines?: Record<string, string>,
): Promise<SessionRig> {
  return await startRig({
    here: true,
    phase,
    repo: { files: { 'README.md': '# A\n', 'a.test.js': TEST, 'b.test.js': TEST } },
    lines: { CHECK: 'true', OLD_TESTS: 'off', ...lines },
    scenario: { rules: [...rules, HANG] },
  });
}

const answered = (id: string, text: string) => ({ answers: [{ id, text }], acceptSuggestions: false });

test.concurrent(
  'weakened checks wait for a person with their diff; once accepted, only a further weakening is asked about',
  ci,
  async () => {
    await using rig = await inPhase('testing', [
      { when: { phase: 'testing' }, do: [SKIPS, goes('quality')] },
      { when: { phase: 'quality' }, do: [goes('done')] },
      { when: { phase: 'done' }, do: [FURTHER, DONE] },
    ]);
    await rig.untilWaiting('qa_answers');
    const asked = await readQa({ session: rig.file.folder }, rig.context());
    expect(asked.open).toEqual(['Q1']);
    expect(asked.questions[0]?.text).toContain('a.test.js runs 0 tests instead of 1. Is that intended?');
    expect(asked.about?.text).toContain("+test.skip('adds', () => {});");
    expect(statusSentence(asked.view)).toContain('waits for a decision about changed checks: Q1 (');
    const change = { id: 'x', at: '', session: 'x', sessionsDir: '', text: '' };
    expect(kindRow('waiting').title(change, { view: asked.view, project: 'p' })).toBe(
      'x waits for a decision about changed checks: Q1',
    );

    await expect(rig.answer(answered('Q1', 'B'), 'tool')).rejects.toMatchObject({ code: 'person_accepts' });
    await expect(rig.answer(undefined, 'cli')).rejects.toMatchObject({ code: 'no_answer_given' });
    await rig.answer(answered('Q1', 'B'), 'cli');
    await rig.untilWaiting('qa_answers', { since: asked.view.state.n });
    const again = await readQa({ session: rig.file.folder }, rig.context());
    expect(again.open).toEqual(['R2Q1']);
    expect(again.questions[1]?.text).toContain('b.test.js is deleted. Is that intended?');
    expect(again.about?.text).not.toContain('a.test.js');

    await rig.answer(answered('R2Q1', 'A'), 'tool');
    const { openIteration } = await rig.until((state) => state.openIteration?.phase === 'implementation');
    const prompt = await readFile(iterationPaths(rig.paths, openIteration?.iteration ?? 0).prompt, 'utf8');
    expect(prompt).toContain('A person did not accept the changed checks that R2Q1 of _qa.md lists');
  },
);

test.concurrent(
  'an acceptance typed into _qa.md opens no gate; after one in a terminal the worker ends the session',
  ci,
  async () => {
    await using rig = await inPhase('done', [{ when: { phase: 'done', count: 1 }, do: [SKIPS, DONE] }], {
      GATE_CHANNELS: 'cli,file',
    });
    const { n } = await rig.untilWaiting('qa_answers');
    const text = await readFile(rig.paths.qa, 'utf8');
    await writeFile(
      rig.paths.qa,
      text.replace('_waiting_', 'B').replace('Status: waiting', 'Status: answered'),
    );
    await expect(rig.answer({ ...answered('Q1', 'B'), confirmTyped: true }, 'tool')).rejects.toMatchObject({
      code: 'channel_closed',
    });
    await rig.launch();
    expect((await rig.events(n)).filter(({ type }) => type === 'answers_recorded')).toEqual([]);
    // What a person commits meanwhile is proved with it.
    const cwd = (await rig.state()).worktree?.path ?? '';
    const git = (...args: string[]) => gitLine(args, { cwd, baseEnv: rig.repo.env });
    await git('commit', '-q', '--allow-empty', '-m', 'Mine');
    await rig.answer(answered('Q1', 'B'), 'cli');
    const isDone = ({ status }: SessionState) => status.kind === 'done';
    const { acceptedWeakenings, proved } = await rig.until(isDone);
    expect(acceptedWeakenings).toHaveLength(1);
    expect(proved?.commit).toBe(await git('rev-parse', 'HEAD'));
    const since = (await rig.events(n)).map(({ type }) => type);
    expect([since.includes('iteration_started'), since.includes('judged_again')]).toEqual([false, true]);
    const proof = join(rig.paths.proof, 'proof.md');
    const skips = '- `a.test.js runs 0 tests instead of 1`: a person has accepted it';
    await eventually(async () => (await readFile(proof, 'utf8')).includes(skips));
  },
);

test.concurrent('work that adds tests and code needs no confirmation, and its proof names the changed tests', async () => {
  const adds = runs('echo "test(\'more\', () => {});" >>a.test.js; echo x >code.js');
  await using rig = await inPhase('done', [{ when: { phase: 'done' }, do: [adds, DONE] }]);
  await rig.until(({ status }) => status.kind === 'done');
  expect((await rig.events()).some(({ type }) => type === 'parked')).toBe(false);
  const proof = join(rig.paths.proof, 'proof.md');
  await eventually(async () => (await readFile(proof, 'utf8')).includes('- `a.test.js` is changed'));
});
