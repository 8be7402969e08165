import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { askTool } from '../../unit/server/ask-tool.ts';

test(
  'lines that came with the repository are shown, trusted by their hash, and only then a session starts',
  ci,
  async () => {
    await using bench = await makeBench({ sandbox: 'auto' });
    await appendFile(join(bench.repo.path, '.samocode'), 'CHECK=true\n');
    const call = (name: string, args: object) => askTool(name, { ...args }, bench.context);
    const refused = await call('start_session', { task: 'x' });
    expect(refused.json).toMatchObject({
      code: 'project_not_trusted',
      message: expect.stringContaining('CHECK=true'),
    });
    const preview = await call('setup_project', {});
    expect(preview.json).toMatchObject({
      summary: expect.stringContaining('no session can run yet'),
      next: expect.stringContaining('show these lines to the user'),
      needs_trust: { lines: ['CHECK=true'] },
    });
    const { hash } = preview.json.needs_trust as { hash: string };
    expect((await call('setup_project', { trust: 'deadbeefdead' })).json).toMatchObject({
      code: 'trust_changed',
    });
    const trusted = await call('setup_project', { trust: hash });
    expect(trusted.json).toMatchObject({ done: ['Trusted: CHECK=true.'], next: 'start_session (task)' });
    expect(trusted.json).not.toHaveProperty('needs_trust');
    expect((await call('start_session', { task: 'x', start: false })).json).toMatchObject({
      state: 'stopped',
    });
  },
);

test('problems that would stop a session are reported with their fixes, before one is started', async () => {
  await using bench = await makeBench({ bare: true });
  const env = { ...bench.context.env, CLAUDE_PATH: 'no-claude-here' };
  const { json } = await askTool('setup_project', {}, { ...bench.context, env });
  expect(json).toMatchObject({
    summary: expect.stringContaining('one problem must be fixed'),
    problems: [expect.stringContaining('no-claude-here')],
  });
});
