import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import type { ToolContext } from '../../../../src/core/kit/mcp/tool.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { startRig } from '../../../support/session-rig.ts';
import { startSession } from '../../../support/start-session.ts';

const TASKS = 'tests/fixtures/given-plans/spec-kit-tasks.md';

test(
  'a given plan is copied into the session with its boxes numbered, and the file stays as it was',
  ci,
  async () => {
    await using bench = await makeBench({ here: true });
    const mine = join(bench.repo.root, 'tasks.md');
    const bytes = await readFile(TASKS);
    await writeFile(mine, bytes);
    const before = await stat(mine);
    const { view, file } = await startSession({ plan: mine, run: false }, bench.context);
    expect(view.folder).toMatch(/-boat-register$/);
    expect(file.givenPlan).toMatchObject({ name: 'tasks.md', hash: fingerprint(bytes) });
    expect(file.task).toBe(
      'Carry out the plan in tasks.md, which _given-plan.md quotes with its boxes numbered.',
    );
    const copy = await readFile(view.paths.givenPlan, 'utf8');
    expect(copy).toContain('> - [ ] [B3] T003 Define the Boat entity');
    expect(copy).toContain(fingerprint(bytes));
    expect(await readFile(mine)).toEqual(bytes);
    expect((await stat(mine)).mtimeMs).toBe(before.mtimeMs);
  },
);

test('a start names the lines of the plan that look like boxes and are none', async () => {
  await using bench = await makeBench({ here: true });
  const mine = join(bench.repo.root, 'tasks.md');
  await writeFile(mine, '- [ ] one\n> - [ ] two\n- [-] three\n');
  const { warnings } = await startSession({ plan: mine, run: false }, bench.context);
  expect(warnings).toContain('2 lines of tasks.md look like boxes and are not counted: 2, 3.');
});

test('the gate compares the plan of the agent with the given one, whatever becomes of the copy', async () => {
  const plan = join(process.cwd(), TASKS);
  await using rig = await startRig({ start: { plan, task: 'The boats, please', acceptSuggestions: true } });
  await rig.untilWaiting('plan_approval');
  await writeFile(rig.paths.givenPlan, '> - [ ] [B1] nothing\n');
  const { name, text, remarks } = await rig.readPlan();
  expect(remarks[0]).toBe('Open boxes of spec-kit-tasks.md with a step: 0 of 6');
  expect(remarks[1]).toContain('Boxes without a step: [B3] T003 Define the Boat entity');
  expect(remarks[2]).toMatch(/^Steps without a box: .+ \(phase 1\)/);
  const prompt = await readFile(iterationPaths(rig.paths, 4).prompt, 'utf8');
  expect(prompt).toContain('every open box needs a step');
  const own = join(rig.paths.sessionDir, name);
  await writeFile(
    own,
    (await readFile(own, 'utf8')).replace(/^(### Phase 1.*)$/m, '$1\n- [ ] all of it [B3-B8]'),
  );
  const { json } = await askTool('read_plan', { session: rig.file.folder }, rig.context('tool'));
  expect(json.remarks).toContain('Open boxes of spec-kit-tasks.md with a step: 6 of 6');
  expect(text).not.toContain('[B3-B8]');
  const forms: string[] = [];
  const ask: ToolContext['ask'] = async ({ message }) => {
    forms.push(message);
    return { kind: 'filled', filled: { decision: 'later' } };
  };
  await askTool('approve_plan', { session: rig.file.folder }, rig.context('tool'), { ask });
  expect(forms.join()).toContain(
    'Open boxes of spec-kit-tasks.md with a step: 6 of 6\nSteps without a box: ',
  );
});
