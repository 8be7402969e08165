import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { connect } from '../../../support/mcp-client.ts';

test(
  'lines that came with the repository are shown, trusted by their hash, and only then a session starts',
  ci,
  async () => {
    await using bench = await makeBench({ sandbox: 'auto' });
    await appendFile(join(bench.repo.path, '.samocode'), 'CHECK=true\n');
    await using parent = await connect({ env: bench.repo.env, cwd: bench.repo.path });
    const refused = await parent.call('start_session', { task: 'x' });
    expect(refused.json).toMatchObject({
      code: 'project_not_trusted',
      message: expect.stringContaining('CHECK=true'),
    });
    const preview = await parent.call('setup_project', {});
    expect(preview.json).toMatchObject({
      summary: expect.stringContaining('no session can run yet'),
      next: expect.stringContaining('show these lines to the user'),
      needs_trust: { lines: ['CHECK=true'] },
    });
    const { hash } = preview.json.needs_trust as { hash: string };
    expect((await parent.call('setup_project', { trust: 'deadbeefdead' })).json).toMatchObject({
      code: 'trust_changed',
    });
    const trusted = await parent.call('setup_project', { trust: hash });
    expect(trusted.json).toMatchObject({ done: ['Trusted: CHECK=true.'], next: 'start_session (task)' });
    expect(trusted.json).not.toHaveProperty('needs_trust');
    expect((await parent.call('start_session', { task: 'x', start: false })).json).toMatchObject({
      state: 'stopped',
    });
  },
);

test('problems that would stop a session are reported with their fixes, before one is started', async () => {
  await using bench = await makeBench({ bare: true });
  const env = { ...bench.repo.env, CLAUDE_PATH: 'no-claude-here' };
  await using parent = await connect({ env, cwd: bench.repo.path });
  const { json } = await parent.call('setup_project', {});
  expect(json).toMatchObject({
    summary: expect.stringContaining('one problem must be fixed'),
    problems: [expect.stringContaining('no-claude-here')],
  });
});
